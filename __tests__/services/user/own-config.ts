/** The entities of own-people.ts as an application gives them to the commands: `--config own-config.ts`. */
export { ownPeople as entities } from "./own-people.js";

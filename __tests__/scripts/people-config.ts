/** The entities of people-entities.ts as an application gives them to the commands: `--config people-config.ts`. */
export { ownPeople as entities } from "../people-entities.js";

/** What an application gives the commands: `bayon-data doctor --config own-config.ts`. */
export { ownEntities as entities } from "../own-entities.js";

/** The entities of indexed-entities.ts as an application gives them to the commands: `--config indexed-config.ts`. */
export { indexedEntities as entities } from "../indexed-entities.js";

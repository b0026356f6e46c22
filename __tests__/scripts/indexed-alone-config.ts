/** The entities of indexed-entities.ts without the twelve: `--config indexed-alone-config.ts`. */
export { indexedEntities as entities } from "../indexed-entities.js";
export const builtIn = false;

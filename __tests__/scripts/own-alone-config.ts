/** The entities of own-entities.ts without the twelve: `--config own-alone-config.ts`. */
export { ownEntities as entities } from "../own-entities.js";
export const builtIn = false;

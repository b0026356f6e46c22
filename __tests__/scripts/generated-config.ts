/** What an application gives the commands that has entities of all kinds, and not the twelve. */
export { generatedEntities as entities } from "../subjects.js";

export const builtIn = false;

/** The application's module of the repository, moved over. */
export { getRepository, resetRepository } from "bayon-coagent-data";

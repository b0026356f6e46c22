/** The application's module of clients, moved over: it re-exports what its call sites import. */
export { getDocumentClient, getTableName, resetClients } from "bayon-coagent-data";

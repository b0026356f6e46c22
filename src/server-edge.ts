/**
 * The door `bayon-coagent-data/server` in an edge runtime: it says what it needs when it is called. The data
 * layer that it serves needs Node.js.
 */
import { needsNode } from "./errors/needs-node.js";

export const changeMessage = needsNode("changeMessage");
export const createChangeHub = needsNode("createChangeHub");
export const createDataHandler = needsNode("createDataHandler");
export const toNodeListener = needsNode("toNodeListener");

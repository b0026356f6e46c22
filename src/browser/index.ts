/** The door `bayon-coagent-data/client`: the calls of a handler, in a browser. */

export { type CallKey, callKey } from "./call-key.js";
export { createDataClient } from "./client.js";
export type { DataClientOptions } from "./client-options.js";
export { isDynamoDBError } from "./errors.js";
export { type LiveOptions, live } from "./live.js";
export type { LiveChange, LiveEvent, LiveState } from "./live-event.js";

/** The door `bayon-coagent-data/server`: routes by which a browser reaches the data of its user. */

export type {
  OfStore,
  ShownItem,
  ShownMember,
  ShownSpec,
  SpecIn,
  SpecOfCall,
} from "../store/shown-types.js";
export { type ChangeHub, type ChangeHubOptions, createChangeHub } from "./change-hub.js";
export { type ChangeMessage, changeMessage, type PublishedChange } from "./change-message.js";
export { createDataHandler, type DataHandler } from "./handler.js";
export { type NodeListenerOptions, toNodeListener } from "./node-listener.js";
export type { DataHandlerOptions, ExposedRequest, HandlerFailure } from "./options.js";
export type { ApiOf, DataRoute, ExposableCall, Expose, Exposed, ScopeOf } from "./types.js";

/** The door `bayon-coagent-data/streams`: changes of items, as the table's stream tells them. */

export { changeOf } from "./change-of.js";
export { type ChangedPath, type Comparable, changedPaths } from "./changed-paths.js";
export type {
  AnyChange,
  Change,
  ChangeKind,
  ChangesByKind,
  CreatedChange,
  DeletedChange,
  EntityIn,
  ExpiredChange,
  SpecsOf,
  Unreadable,
  UnreadableChange,
  UpdatedChange,
} from "./changes.js";
export type { LambdaContext } from "./deadline.js";
export { type CheckpointStore, fileCheckpoint } from "./file-checkpoint.js";
export {
  createStreamHandler,
  type StreamEvent,
  type StreamHandler,
  type StreamResponse,
} from "./handler.js";
export type {
  ChangeHandler,
  EntityHandlers,
  HandlerOptions,
  Handlers,
  HandlingContext,
  HandlingFailure,
} from "./handler-options.js";
export type { StreamRecord, StreamRecordImages } from "./records.js";
export { type Watched, watch } from "./watch.js";
export type { LostChanges, StreamsSdk, WatchOptions } from "./watch-options.js";

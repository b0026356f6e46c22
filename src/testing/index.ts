/** The door `bayon-coagent-data/testing`: a real engine, fixtures and faults for tests. */

export type { ChangeInput, ItemInput, MadeUpChange } from "./changes/change-input.js";
export { changeRecords } from "./changes/change-records.js";
export type {
  LambdaEvent,
  LambdaImage,
  LambdaRecord,
  LambdaValue,
  LambdaValues,
} from "./changes/lambda-event.js";
export {
  type Engine,
  type EngineCapabilities,
  type EngineName,
  type StartEngineOptions,
  startEngine,
} from "./engine.js";
export {
  type Factories,
  type FactoryOptions,
  factories,
  type OwnFixtureOf,
  type OwnOverridesOf,
} from "./factories.js";
export {
  type FaultProxy,
  type FaultProxyOptions,
  type RandomWireFaults,
  startFaultProxy,
  type WireAnswer,
  type WireCall,
  type WireCount,
  type WireFault,
  type WireForward,
  type WireRequest,
  type WireRule,
} from "./fault-proxy.js";
export type { HandlerAnswer, HandlerRequest } from "./faults/exchange.js";
export type { OperationName } from "./faults/rules.js";
export {
  type Fault,
  type FaultRule,
  FaultyRequestHandler,
  faults,
  type ObservedRequest,
  type RandomFaults,
} from "./faults.js";
export { type FixtureOf, fixtures, make, type OverridesOf } from "./fixtures.js";
export { shareEngine } from "./share-engine.js";
export {
  createTestDataLayer,
  type StreamChange,
  type TestDataLayer,
  type TestDataLayerOf,
  type TestDataLayerOptions,
  type TestMembers,
} from "./test-data-layer.js";

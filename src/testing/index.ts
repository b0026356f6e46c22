/** The door `bayon-coagent-data/testing`: a real engine, fixtures and faults for tests. */
export { type FixtureOf, fixtures, make, type OverridesOf } from "./fixtures.js";
export { type Fault, type FaultRule, faults, FaultyRequestHandler, type ObservedRequest } from "./faults.js";
export {
  type Engine,
  type EngineCapabilities,
  type EngineName,
  startEngine,
  type StartEngineOptions,
} from "./engine.js";
export { createTestDataLayer, type TestDataLayer, type TestDataLayerOptions } from "./test-data-layer.js";

/** A data layer on a real engine with a table of its own. */
import { randomUUID } from "node:crypto";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../data-layer.js";
import { type Engine, type StartEngineOptions, startEngine } from "./engine.js";
import { type FaultyRequestHandler, faults } from "./faults.js";

export interface TestDataLayerOptions
  extends Omit<
    DataLayerOptions,
    "environment" | "endpoint" | "region" | "credentials" | "client" | "requestHandler"
  > {
  /**
   * The engine: one that is running, or which to start. One of each kind is started per process and
   * shared by all test data layers. @default dynoxide where it is installed, else dynalite
   */
  readonly engine?: Engine | StartEngineOptions["engine"];
  /** Faults to put under it. @default none */
  readonly requestHandler?: FaultyRequestHandler;
}

export interface TestDataLayer extends DataLayer {
  readonly engine: Engine;
  /** What goes over the wire: counts requests, takes faults. */
  readonly wire: FaultyRequestHandler;
}

const shared = new Map<string, Promise<Engine>>();

/**
 * A data layer over a real engine, with a table of its own that is gone at `close()`. The engine is
 * shared within the process and ends with it. Takes tens of milliseconds.
 */
export async function createTestDataLayer(
  options: TestDataLayerOptions = {},
): Promise<TestDataLayer> {
  const { engine: which, requestHandler: wire = faults(), ...rest } = options;
  const engine = typeof which === "object" ? which : await sharedEngine(which);
  const { endpoint, region, credentials } = engine;
  const data = createDataLayer({
    tableName: `test-${randomUUID()}`,
    ...rest,
    environment: "development",
    endpoint,
    region,
    credentials,
    requestHandler: wire,
  });
  await data.table.create();
  wire.clear();
  const close = async () => {
    wire.clear();
    await data.table.delete();
    await data.close();
  };
  const own = { engine, wire, close, [Symbol.asyncDispose]: close };
  // Descriptors, because the stores are made when they are first asked for.
  const descriptors = {
    ...Object.getOwnPropertyDescriptors(data),
    ...Object.getOwnPropertyDescriptors(own),
  };
  return Object.defineProperties({}, descriptors) as TestDataLayer;
}

function sharedEngine(engine: StartEngineOptions["engine"]): Promise<Engine> {
  const kind = engine ?? "default";
  let started = shared.get(kind);
  if (started === undefined) {
    started = startEngine(engine === undefined ? {} : { engine });
    shared.set(kind, started);
    // A start that failed may succeed when it is asked for again.
    started.catch(() => shared.delete(kind));
  }
  return started;
}

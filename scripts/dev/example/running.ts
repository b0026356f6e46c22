/** The example application on an engine of its own, with its made-up data. */
import { randomBytes } from "node:crypto";
import { createDataLayer, type DataLayer } from "../../../src/index.js";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { type FaultProxy, startFaultProxy } from "../../../src/testing/fault-proxy.js";
import { type Place, startExample } from "./application.js";
import { seedExample } from "./seed.js";

export interface RunningExample {
  /** The application's address. */
  readonly url: string;
  readonly engine: Engine;
  /** Everything between the application and the engine. */
  readonly wire: FaultProxy;
  /** A data layer beside the application's, past the proxy. */
  readonly data: DataLayer;
  /** What the server has printed so far. */
  output(): string;
  /** Ends all of it; `await using` calls it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the application that was built in that folder.
 * @param port 0 for a free one
 */
export async function runExample(
  place: Place,
  folder: string,
  port: number = 0,
): Promise<RunningExample> {
  const started: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    const engine = await startEngine();
    started.push(engine.close);
    const { endpoint, region, credentials } = engine;
    const data = createDataLayer({ environment: "local", endpoint, region, credentials });
    started.push(data.close);
    await data.table.create({ stream: engine.capabilities.streams });
    await seedExample(data);
    const wire = await startFaultProxy({ target: endpoint });
    started.push(() => wire.close());
    const server = await startExample(place, folder, {
      port,
      env: {
        COAGENT_ENV: "local",
        AWS_ENDPOINT_URL_DYNAMODB: wire.url,
        SESSION_SECRET: randomBytes(32).toString("base64url"),
        CURSOR_SECRET: randomBytes(32).toString("base64url"),
      },
    });
    started.push(server.close);
    return { ...server, engine, wire, data, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A script that starts an engine and prints its endpoint: run by engine.test.ts, with its task as JSON. */
import { type StartEngineOptions, startEngine } from "../../src/testing/engine.js";

export interface Task {
  readonly options: StartEngineOptions;
  /** What it does then: it waits until it is killed, ends without closing the engine, or closes it. */
  readonly then: "wait" | "forget" | "close";
}

async function main({ options, then }: Task): Promise<void> {
  const engine = await startEngine(options);
  console.log(engine.endpoint);
  if (then === "wait") setInterval(() => undefined, 1_000);
  if (then === "close") {
    await engine.close();
    console.log("closed");
  }
}

await main(JSON.parse(process.argv[2] ?? "{}") as Task);

/**
 * The doors `bayon-coagent-data/testing/jest` and `bayon-coagent-data/testing/vitest`: a `globalSetup`
 * that starts one engine for all workers. Vitest ends it by the function that is returned; in Jest, which
 * ignores that, it ends with the process.
 */
import { shareEngine } from "./share-engine.js";

/** Starts one engine for all workers: `globalSetup` of Jest or Vitest. Returns what ends it. */
export default async function setup(): Promise<() => Promise<void>> {
  const engine = await shareEngine();
  return () => engine.close();
}

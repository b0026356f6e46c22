/** The engines that every test of the data layer runs on. */
import { dynoxideBinary } from "../src/testing/engines/dynoxide.js";

export interface TestEngine {
  /** How a test names it. */
  readonly name: string;
  /** What `createTestDataLayer({ engine })` and `startEngine({ engine })` take. */
  readonly engine: string;
}

/**
 * dynoxide (where its binary is installed) and dynalite; only the endpoint of COAGENT_TEST_ENDPOINT
 * where it is set. For `describe.each(engines)("on $name", ({ engine }) => …)`.
 */
export const engines: TestEngine[] = enginesOf(process.env.COAGENT_TEST_ENDPOINT);

function enginesOf(endpoint: string | undefined): TestEngine[] {
  if (endpoint) {
    return [{ name: process.env.COAGENT_TEST_ENGINE ?? endpoint, engine: endpoint }];
  }
  const installed = dynoxideBinary() === null ? ["dynalite"] : ["dynoxide", "dynalite"];
  return installed.map((engine) => ({ name: engine, engine }));
}

/** The engines that every test of the data layer runs on. */
import type { EncryptionKeys } from "../src/index.js";
import { dynoxideBinary } from "../src/testing/engines/dynoxide.js";

export interface TestEngine {
  /** How a test names it. */
  readonly name: string;
  /** What `createTestDataLayer({ engine })` and `startEngine({ engine })` take. */
  readonly engine: string;
}

/** An engine, and what a data layer on it encrypts. */
export interface Setting extends TestEngine {
  readonly encryption?: EncryptionKeys;
  readonly cursorSecret?: string;
}

/**
 * dynoxide (where its binary is installed) and dynalite; only the endpoint of COAGENT_TEST_ENDPOINT
 * where it is set. For `describe.each(engines)("on $name", ({ engine }) => …)`.
 */
export const engines: TestEngine[] = enginesOf(process.env.COAGENT_TEST_ENDPOINT);

/**
 * The engines, and the first one once more with secrets and cursors encrypted: for tests of what
 * must not tell the difference.
 */
export const settings: Setting[] = [
  ...engines,
  ...engines.slice(0, 1).map(({ name, engine }) => ({
    name: `${name}, encrypted`,
    engine,
    encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
    cursorSecret: "a secret of at least thirty-two bytes",
  })),
];

/** A block for each that fulfils a condition; where none does, the blocks are there and skipped. */
export function describeEach<S extends TestEngine>(all: readonly S[], can: (one: S) => boolean) {
  const able = all.filter(can);
  return able.length > 0 ? describe.each(able) : describe.skip.each([...all]);
}

function enginesOf(endpoint: string | undefined): TestEngine[] {
  if (endpoint) {
    return [{ name: process.env.COAGENT_TEST_ENDPOINT_NAME ?? endpoint, engine: endpoint }];
  }
  const installed = dynoxideBinary() === null ? ["dynalite"] : ["dynoxide", "dynalite"];
  return installed.map((engine) => ({ name: engine, engine }));
}

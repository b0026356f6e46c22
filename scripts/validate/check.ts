/** One check of `bayon-data validate`, and what the checks share. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DataLayer, DataLayerOptions, DynamoDBRepository } from "../../src/index.js";
import type { Subject } from "./subjects.js";

export interface Scratch {
  readonly data: DataLayer;
  readonly repository: DynamoDBRepository;
  /** The entities that are tried. */
  readonly subjects: readonly Subject[];
  /** A unique id: everything is written under it. */
  readonly userId: string;
  /** Another data layer on the same table. The check closes it. */
  connect(options: Pick<DataLayerOptions, "requestHandler" | "retry" | "tableName">): DataLayer;
  /** Requests of `data` so far. */
  requests(): number;
}

export interface Check {
  readonly name: string;
  /** Throws if something is wrong; may return a remark. */
  readonly run: (scratch: Scratch) => Promise<unknown>;
}

export interface CheckGroup {
  readonly name: string;
  readonly checks: readonly Check[];
}

/** Something is wrong. */
class Mismatch extends Error {}

/** @throws an Error with the message if the condition does not hold */
export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Mismatch(message);
}

/** Runs a check and then clears up, whatever came of it. If that fails too, the check's own error comes first. */
export async function clearingUp(
  check: () => Promise<void>,
  clearUp: () => Promise<void>,
): Promise<void> {
  const failed = await check().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  try {
    await clearUp();
  } catch (error) {
    if (failed === undefined) throw error;
    const [first, then] = [failed.error, error].map((one) =>
      one instanceof Error ? one.message : String(one),
    );
    throw new Error(`${first}; and clearing up: ${then}`, { cause: failed.error });
  }
  if (failed !== undefined) throw failed.error;
}

/** Makes a call that must be refused, and returns the error. */
export async function refused<E extends Error>(
  expected: abstract new (...args: never[]) => E,
  call: Promise<unknown>,
): Promise<E> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof expected) return error;
  const instead = error instanceof Error ? `${error.name} (${error.message})` : "no error";
  throw new Error(`expected ${expected.name}, got ${instead}`);
}

/** How long a read may lag behind a write, in ms: DynamoDB's queries and indexes do for a short time. */
const lagMs = 5_000;
const pollMs = 100;

/** Runs a check of what a read finds until it holds. @throws what it found last, or any failure */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + lagMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Mismatch) || performance.now() > deadline) throw error;
      await sleep(pollMs);
    }
  }
}

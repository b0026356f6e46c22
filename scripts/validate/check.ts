/** One check of `bayon-data validate`, and what the checks share. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FacadeName } from "../../services/entities.js";
import type { DataLayer, DataLayerOptions, DynamoDBRepository } from "../../src/index.js";
import { fixtures } from "../../src/testing/fixtures.js";
import type { ItemInput, Key } from "../move/any-store.js";

export interface Scratch {
  readonly data: DataLayer;
  readonly repository: DynamoDBRepository;
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

export const facades = Object.keys(fixtures) as FacadeName[];

/** Items of each entity: the owner of a profile is its whole key, so each has an owner of its own. */
export function inputOf(facade: FacadeName, userId: string, index: number): ItemInput {
  const { data, ...rest } = fixtures[facade];
  const [owner = "userId", id] = Object.keys(rest);
  return {
    [owner]: id === undefined ? ownersOf(userId)[index] : userId,
    ...(id !== undefined && { [id]: `validate-${index}` }),
    data,
    createdAt: firstCreatedAt + index,
  };
}

const firstCreatedAt = Date.UTC(2025, 0, 1);

/** Every id that items are written under, for one scratch id. */
export function ownersOf(userId: string): readonly string[] {
  return [userId, `${userId}-1`, `${userId}-2`];
}

/** The key of an item or an input. */
export function keyOf({ data: _data, createdAt: _at, updatedAt: _then, ...key }: ItemInput): Key {
  return key;
}

/** The partition of an item or an input: its key's first part. */
export function partitionOf(input: ItemInput): Key {
  const key = keyOf(input);
  return Object.fromEntries(
    ["userId", "agentId"].flatMap((part) => (part in key ? [[part, key[part]]] : [])),
  );
}

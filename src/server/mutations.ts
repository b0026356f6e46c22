/** Carries out a mutation once, however often it is sent. */
import { createHash, randomUUID } from "node:crypto";
import { type Declaration, declaredKeys } from "../entity/model.js";
import { type DynamoDBError, isDynamoDBError } from "../errors/dynamodb-error.js";
import type { Clock } from "../runtime/clock.js";
import { isObject } from "../runtime/objects.js";
import { type AnyScope, callIn, type ExposedCall } from "./exposed.js";
import type { Ending, Receipt, Receipts } from "./receipts.js";
import { refusal } from "./told-error.js";
import { decode, encode } from "./wire-values.js";

/** One mutation as a browser sent it. */
export interface Mutation {
  readonly userId: string;
  readonly scope: AnyScope;
  readonly exposed: ExposedCall;
  readonly id: string;
  /** The arguments as they were decoded. */
  readonly input: readonly unknown[];
  /** The same as they were sent, which is the same for a repeat. */
  readonly sent: readonly unknown[];
}

export interface MutationContext {
  readonly receipts: Receipts;
  readonly definitions: Readonly<Record<string, Declaration>>;
  /** The parts of keys that name the user. */
  readonly owner: readonly string[];
  readonly clock: Clock;
  /** How long a call may take, in ms. */
  readonly timeoutMs: number;
  /** Gets what failed beside a mutation that was carried out. */
  onError(error: unknown): void;
}

/** How long after its deadline a mutation of a process that lives has surely ended, in ms. */
const marginMs = 10_000;

/**
 * Carries a mutation out, or answers its repeat. Two requests beside its own.
 * @param run carries it out
 * @throws DynamoDBError `TransactionInProgressException` while it is being carried out, `AnswerLost` if it is
 * not known how it ended, `IdempotentParameterMismatchException` if another mutation has the id
 */
export async function once(
  context: MutationContext,
  mutation: Mutation,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const { receipts, clock, timeoutMs } = context;
  const claim = randomUUID();
  const begun: Receipt = {
    claim,
    digest: await receipts.seal(digestOf(mutation)),
    state: "begun",
    until: clock.now() + timeoutMs + marginMs,
  };
  const earlier = await receipts.begin(mutation, begun);
  if (earlier !== null) return repeated(context, mutation, earlier);
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    const isOpen = !isDynamoDBError(error) || error.mayHaveBeenDone;
    await noted(context, () =>
      isOpen ? receipts.end(mutation, { ...begun, state: "open" }) : receipts.release(mutation),
    );
    throw error;
  }
  const ending = endingOf(context, mutation, result);
  await noted(context, () => receipts.end(mutation, { ...begun, ...ending, state: "done" }));
  return result;
}

/** What becomes of the receipt changes nothing for the mutation itself: a repeat is told that it is open. */
async function noted({ onError }: MutationContext, note: () => Promise<void>): Promise<void> {
  try {
    await note();
  } catch (error) {
    onError(error);
  }
}

async function repeated(
  context: MutationContext,
  mutation: Mutation,
  earlier: Receipt,
): Promise<unknown> {
  const { receipts } = context;
  const { exposed, scope } = mutation;
  const operation = `${exposed.store}.${exposed.call}`;
  const { claim, digest, state, until, key, value } = earlier;
  if (claim !== "") {
    const stored = await receipts.opened(digest);
    if (stored === undefined) throw lost(operation);
    if (stored !== digestOf(mutation)) {
      throw refusal("IdempotentParameterMismatchException", { operation });
    }
  }
  if (state === "begun" && until > context.clock.now()) {
    throw refusal("TransactionInProgressException", { operation, retryable: true });
  }
  if (state !== "done") throw lost(operation);
  if (exposed.rule.outcome === "gone") return null;
  if (value !== undefined) return decode(JSON.parse(value), operation, "receipt");
  if (key === undefined) throw lost(operation);
  const store = storeOf(mutation);
  const get = { ...exposed, store, call: "get", rule: { before: 1 } };
  const item = await callIn(scope, get, [key, { consistent: true, timeoutMs: context.timeoutMs }]);
  // It was carried out, and the item was deleted since.
  if (item === null) throw lost(operation);
  return item;
}

/** The error of a repeat that cannot be answered: nothing is carried out a second time. */
function lost(operation: string): DynamoDBError {
  return refusal("AnswerLost", { operation, mayHaveBeenDone: true });
}

/** What is kept of a result. */
function endingOf(
  { definitions, owner }: MutationContext,
  mutation: Mutation,
  result: unknown,
): Ending {
  const { outcome } = mutation.exposed.rule;
  if (outcome === "value") {
    return { value: JSON.stringify(encode(result, "mutation", "result")) };
  }
  const definition = definitions[storeOf(mutation)];
  // With `returning: "both"` the item is a member, and what was there before is not kept.
  if (outcome !== "item" || definition === undefined || !isItem(result)) return {};
  const parts = declaredKeys(definition).parts.filter((part) => !owner.includes(part));
  return { key: Object.fromEntries(parts.map((part) => [part, result[part]])) };
}

function isItem(result: unknown): result is Record<string, unknown> {
  return isObject(result) && isObject(result.data);
}

/** The store of the item that a mutation writes. */
function storeOf({ exposed, input }: Mutation): string {
  if (exposed.store !== "profiles") return exposed.store;
  const [key] = input;
  return isObject(key) && key.agentProfileId !== undefined
    ? "realEstateAgentProfile"
    : "userProfile";
}

/**
 * A digest of the arguments, secrets included: two inputs that differ in a secret alone are two. It is stored
 * sealed, so that nobody who reads the table can try out what a short secret may be.
 */
function digestOf({ exposed: { store, call }, sent }: Mutation): string {
  return createHash("sha256")
    .update(JSON.stringify([store, call, sent]))
    .digest("base64url");
}

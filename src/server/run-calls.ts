/** Carries out the calls of one request, each with a result or an error of its own. */
import type { WireCall, WireResult } from "../browser/protocol.js";
import { itemsWithout, withoutSecrets } from "../call/shown.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { invalidAt, ValidationError } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { argumentsOf, type Bounds, withLimits } from "./arguments.js";
import type { Deadline } from "./deadline.js";
import { type AnyScope, callIn, type Exposed, type ExposedCall } from "./exposed.js";
import { type MutationContext, once } from "./mutations.js";
import type { ExposedRequest } from "./options.js";
import { type ReadLimit, withinReads } from "./read-limit.js";
import { refusal, toldError } from "./told-error.js";
import { decode, encode } from "./wire-values.js";

export interface CallsContext extends Bounds {
  readonly exposed: Exposed;
  readonly mutations: MutationContext;
  readonly readLimit: ReadLimit;
  readonly authorize: ((call: ExposedRequest) => unknown) | undefined;
}

/** A request whose user is known. */
export interface UserRequest {
  readonly userId: string;
  readonly scope: AnyScope;
  readonly request: Request;
  /** By when its calls must have ended. */
  readonly deadline: Deadline;
  /** Gets what a call failed with. */
  onError(error: unknown, store: string, call: string): void;
}

/** A call that was checked, and what it is answered with if it was not. */
interface Checked {
  readonly exposed: ExposedCall;
  readonly input: readonly unknown[];
}

/**
 * The results of the calls, in their order. Reads run at the same time; mutations one after the other, in
 * their order, and a failed one does not stop those after it.
 */
export async function runCalls(
  context: CallsContext,
  calls: readonly WireCall[],
  request: UserRequest,
): Promise<WireResult[]> {
  let before: Promise<unknown> = Promise.resolve();
  const results = calls.map((call) => {
    if (context.exposed(call.store, call.call)?.rule.outcome === undefined) {
      return runCall(context, call, request);
    }
    const result = before.then(() => runCall(context, call, request));
    before = result;
    return result;
  });
  return Promise.all(results);
}

async function runCall(
  context: CallsContext,
  call: WireCall,
  request: UserRequest,
): Promise<WireResult> {
  const { secretsOf, mutations, readLimit } = context;
  let input: readonly unknown[] = [];
  try {
    const checked = await checkedCall(context, call, request);
    input = checked.input;
    const { exposed } = checked;
    const isRead = exposed.rule.outcome === undefined;
    const run = isRead
      ? read(readLimit, checked, request)
      : mutate(mutations, checked, call, request);
    const result = await run.catch((error: unknown) => {
      throw withPlace(error, checked);
    });
    const clean = withoutSecrets(exposed, result, secretsOf);
    return { value: encode(clean, call.call, "result") };
  } catch (error) {
    request.onError(error, call.store, call.call);
    const clean = (item: unknown) => itemsWithout(secretsOf(call.store), item);
    return { error: toldError(error, { owner: mutations.owner, clean, input }) };
  }
}

/** @throws DynamoDBError for a call that is not exposed, not allowed or not valid */
async function checkedCall(
  context: CallsContext,
  { store, call, input: encoded, id }: WireCall,
  { userId, request, deadline }: UserRequest,
): Promise<Checked> {
  const operation = `${store}.${call}`;
  const exposed = context.exposed(store, call);
  if (exposed === undefined) throw refusal("UnknownOperationException", { operation });
  const isMutation = exposed.rule.outcome !== undefined;
  if (isMutation && id === undefined) {
    throw invalidAt({ operation }, "id", "must be given for a mutation");
  }
  const given = encoded.map((one, index) => decode(one, operation, `input.${index}`));
  const input = argumentsOf(exposed, given, context);
  const { authorize } = context;
  if (authorize !== undefined) {
    const asked = () => authorize({ userId, store, call, input, request });
    const answer: unknown = await deadline.within("authorize", asked);
    if (answer !== true) throw refusal("AccessDenied", { operation });
  }
  return { exposed, input };
}

/** DynamoDB's refusal of a condition names no place, and its words stay on the server. */
function withPlace(error: unknown, { exposed, input }: Checked): unknown {
  const { store, call, rule } = exposed;
  const options = input[rule.before];
  const isRefused = isDynamoDBError(error) && error.code === "ValidationException";
  const isNamed = error instanceof ValidationError && error.issues.length > 0;
  if (!isRefused || isNamed || !isObject(options) || options.where === undefined) return error;
  const message = "is no condition that DynamoDB takes";
  return invalidAt({ operation: `${store}.${call}` }, "where", message, error);
}

async function read(
  limit: ReadLimit,
  { exposed, input }: Checked,
  { scope, request, deadline }: UserRequest,
): Promise<unknown> {
  const { store, call } = exposed;
  const operation = store === call ? call : `${store}.${call}`;
  return withinReads(limit, operation, request.signal, async (signal) =>
    callIn(scope, exposed, withLimits(exposed, input, { signal, timeoutMs: deadline.leftMs() })),
  );
}

/**
 * A mutation that has begun is carried on when the browser is gone: its repeat asks how it ended. One that has
 * not begun is not begun any more.
 */
async function mutate(
  mutations: MutationContext,
  { exposed, input }: Checked,
  { id = "", store, call, input: sent }: WireCall,
  { userId, scope, request, deadline }: UserRequest,
): Promise<unknown> {
  if (request.signal.aborted) throw refusal("AbortError", { operation: `${store}.${call}` });
  return once(mutations, { userId, scope, exposed, id, input, sent }, async () =>
    callIn(scope, exposed, withLimits(exposed, input, { timeoutMs: deadline.leftMs() })),
  );
}

/**
 * The layer's transport as the commands use it: responses are checked, and requests retried and judged,
 * as those of a store. A throttled request is repeated for as long as it takes.
 */
import { adviceOn, type Place } from "../../src/client/advice.js";
import { isRetryableError } from "../../src/errors/retryable.js";
import { unreadableAnswer } from "../../src/errors/unreadable-answer.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { attribute } from "../../src/table/table.js";
import type { CommandClient, FieldGuard } from "../../src/transport/options.js";
import { Unprocessed } from "../../src/transport/retry.js";
import { createTransport, type Transport } from "../../src/transport/transport.js";
import { requestIdHeader } from "../../src/wire/repeated-answers.js";

/** Failures of the network and of DynamoDB itself are retried this often, up to 5 s apart. */
const maxRetries = 6;

/** HTTP requests so far. */
export interface Traffic {
  requests: number;
  /** Of these, the ones that DynamoDB throttled or left undone in part. */
  throttles: number;
}

export interface PatientOptions {
  /** Counted into. */
  readonly traffic: Traffic;
  /** Ends the waiting for a retry; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Delay before the first retry, in ms. @default 100 */
  readonly initialDelayMs?: number | undefined;
  readonly guard?: FieldGuard | undefined;
  /** Where the table is, for the advice in the message of a failure. */
  readonly place: Place;
}

/** A transport that slows a run down while the table is throttled, and never fails it for that. */
export function createPatientTransport(
  client: CommandClient,
  { traffic, signal, initialDelayMs, guard, place }: PatientOptions,
): Transport {
  const counting: CommandClient = {
    marshalsRight: client.marshalsRight,
    send: async (command, options) => {
      traffic.requests += 1;
      const answer = await client.send(command, options);
      checkCounted(answer as CountedAnswer);
      const { input } = command as { readonly input: ConditionalDelete };
      checkDeleted(input, answer as CountedAnswer);
      return answer;
    },
  };
  const transport = createTransport({
    client: counting,
    guard,
    advice: (error) => adviceOn(error, place),
    retry: {
      maxRetries,
      // A command has few requests in flight, and begins again after the last retry.
      budget: false,
      signal,
      initialDelayMs,
      onRetry: ({ error }) => {
        if (isThrottle(error)) traffic.throttles += 1;
      },
    },
  });

  async function patiently<T>(run: () => Promise<T>): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const before = traffic.throttles;
      try {
        return await run();
      } catch (error) {
        signal?.throwIfAborted();
        if (isThrottle(error)) traffic.throttles += 1;
        // If throttles used up the retries, the last failure has had none of its own.
        if (traffic.throttles === before || !isRetryableError(error)) throw error;
      }
    }
  }
  return {
    ...transport,
    send: (name, input, call) => patiently(() => transport.send(name, input, call)),
    repeat: (request, ending, onAnswerLost) => {
      const counted: typeof request = (limit) => {
        traffic.requests += 1;
        return request(limit);
      };
      return patiently(() => transport.repeat(counted, ending, onAnswerLost));
    },
  };
}

interface CountedAnswer {
  readonly Items?: readonly Readonly<Record<string, unknown>>[];
  readonly Attributes?: Readonly<Record<string, unknown>>;
  readonly $metadata?: { readonly requestId?: string };
}

/**
 * A command says what is in the table, and what is not: it believes no answer of somebody else's.
 * @throws UnreadableAnswer for a response without DynamoDB's request id, or a page with items that have
 *   no key: what a command made of it would be short of them
 */
function checkCounted({ Items: items, $metadata }: CountedAnswer): void {
  if (!$metadata?.requestId) throw unreadableAnswer(`it has no ${requestIdHeader}`);
  if (items?.some((item) => !hasKey(item))) throw unreadableAnswer("it has an item without a key");
}

/** A delete on the condition that the item has one of the times that are the condition's values. */
interface ConditionalDelete {
  readonly Key?: object;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ReturnValues?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
}

/**
 * Such a delete succeeds only if an item was there, and requests it: a success without it, or with
 * another time, is no answer to this delete.
 * @throws UnreadableAnswer
 */
function checkDeleted(input: ConditionalDelete, { Attributes: deleted }: CountedAnswer): void {
  const { Key, UpdateExpression, ConditionExpression, ReturnValues } = input;
  const isDelete = Key !== undefined && UpdateExpression === undefined;
  if (!isDelete || ConditionExpression === undefined || ReturnValues !== "ALL_OLD") return;
  const times = Object.values(input.ExpressionAttributeValues ?? {}).map(numeral);
  if (deleted === undefined || !times.includes(numeral(deleted[attribute.updatedAt]))) {
    throw unreadableAnswer("it does not have the item that was deleted");
  }
}

/** A number's digits, of a native value and of DynamoDB's own. */
const numeral = (value: unknown): string =>
  String((value as { readonly N?: unknown } | undefined)?.N ?? value);

/** With native values, and with DynamoDB's own. */
function hasKey(item: Readonly<Record<string, unknown>>): boolean {
  return [item[attribute.partitionKey], item[attribute.sortKey]].every(
    (value) => typeof ((value as { readonly S?: unknown } | undefined)?.S ?? value) === "string",
  );
}

function isThrottle(error: unknown): boolean {
  return (
    wrapDynamoDBError(error).name === "ThroughputExceededError" || error instanceof Unprocessed
  );
}

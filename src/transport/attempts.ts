/** The HTTP attempts of one request, and what they show: how many, hedged or not, lost or answered. */
import type { Call } from "../call/call.js";
import { exactAnswer, readingExactly } from "../client/document-command.js";
import { marshallable } from "../client/marshalling.js";
import type { NativeDocumentClient } from "../client/native-client.js";
import { watchAnswer, watchSending } from "../client/unsent.js";
import type { CallContext } from "../errors/context.js";
import { leavesOpen } from "../errors/left-open.js";
import { noteSending } from "../errors/notes.js";
import { isThrottling } from "../errors/retryable.js";
import { unquoted } from "../errors/unreadable-answer.js";
import { OrderlyHandler } from "../wire/request-handler.js";
import type { HedgedReads } from "./hedged-reads.js";
import { operationNames } from "./operation-names.js";
import type { CommandClient } from "./options.js";
import { type Answer, commands, type Input, type RequestName, sumOfCapacity } from "./requests.js";
import { isReason, type Waits } from "./waits.js";

/** What all attempts of one transport share. */
export interface Sending {
  /** The client below, as it is now. */
  readonly client: () => CommandClient;
  readonly waits: Waits;
  readonly hedging: HedgedReads | undefined;
}

type SendCommand = (
  command: object,
  options?: { readonly abortSignal: AbortSignal },
) => Promise<Answer | undefined>;

/** One request on behalf of a call. */
export class Attempts {
  readonly name: RequestName;
  readonly context: CallContext;
  /** How often it has been sent, the hedge included. */
  attempts = 0;
  hedged = false;
  /** How many attempts were throttled. */
  throttles = 0;
  /** Whether an attempt may have been carried out although it failed. */
  answerLost = false;
  consumedCapacity: number | undefined;
  readonly #sending: Sending;
  readonly #signal: AbortSignal | undefined;
  readonly #clientSignal: AbortSignal | undefined;

  /** @param isNative whether it is ElectroDB's */
  constructor(sending: Sending, name: RequestName, call: Call, isNative: boolean) {
    this.#sending = sending;
    this.name = name;
    this.context = call.context;
    this.#signal = call.signal;
    // With any option the SDK resolves its stack anew, so that ElectroDB's requests have none.
    this.#clientSignal = isNative ? undefined : call.signal;
  }

  /** Sends it once, or twice if it is a read whose first response is late. */
  async next(input: Input): Promise<Answer> {
    this.attempts += 1;
    this.#signal?.throwIfAborted();
    try {
      const answer = exactAnswer((await this.#send(input)) ?? {});
      this.consumedCapacity = sumOfCapacity(answer, this.consumedCapacity);
      return answer;
    } catch (thrown) {
      const error = isReason(this.#signal, thrown) ? thrown : unquoted(thrown);
      this.answerLost ||= leavesOpen(error, this.#signal);
      if (isThrottling(error)) this.throttles += 1;
      throw error;
    }
  }

  #send(input: Input): Promise<Answer | undefined> {
    const { name } = this;
    const { waits, hedging } = this.#sending;
    const client = this.#sending.client();
    // A retry is not hedged: what failed needs fewer requests, not more.
    if (hedging === undefined || this.attempts > 1 || !hedging.covers(name)) {
      const signal = this.#clientSignal;
      return signal === undefined && !needsSignal(client)
        ? waits.sent(sendBy(client, name, input, undefined))
        : waits.attempt((own) => sendBy(client, name, input, own), signal);
    }
    const send = async (own: AbortSignal) => {
      try {
        // Not a signal made of several: that is released as soon as `close` ends the waiting.
        return await waits.sent(sendBy(client, name, input, own));
      } catch (error) {
        throw unquoted(error);
      }
    };
    return hedging.read(name, send, this.#signal, () => {
      this.hedged = true;
      this.attempts += 1;
    });
  }
}

/** What a client of this package's has besides: it sends a request without a command, if it can. */
type ItemClient = Pick<NativeDocumentClient, "request">;

/**
 * Sends a request without a command if the client can, else as one. A client of the application's, or a mock,
 * may have no answer.
 */
function sendBy(
  client: CommandClient,
  name: RequestName,
  input: Input,
  abortSignal: AbortSignal | undefined,
): Promise<Answer | undefined> {
  if (client.marshalsRight) {
    const { request } = client as Partial<ItemClient>;
    const direct = request?.call(client, operationNames[name], input, abortSignal);
    if (direct !== undefined) return direct as Promise<Answer>;
  }
  const send = client.send.bind(client) as SendCommand;
  const command = commandFor(client, name, input);
  return abortSignal === undefined ? send(command) : send(command, { abortSignal });
}

/**
 * The command of a request. From a client of the application's its failures show whether it was sent,
 * its responses are checked to be DynamoDB's, and numbers keep all their digits.
 */
function commandFor(client: CommandClient, name: RequestName, input: Input): object {
  const Command = commands[name] as new (input: object) => object;
  if (client.marshalsRight) return new Command(input);
  const command = readingExactly(new Command(marshallableOrUnsent(input)));
  const stack = command as unknown as Parameters<typeof watchSending>[0];
  watchSending(stack);
  watchAnswer(stack);
  return command;
}

/** @throws what a value is refused with: nothing was sent */
function marshallableOrUnsent(input: Input): Input {
  try {
    return marshallable(input);
  } catch (thrown) {
    throw noteSending(thrown, false);
  }
}

/**
 * Whether a client needs a signal to learn that an attempt was given up. The layer's own handler gives
 * up by itself, and an object without a handler is no client of the SDK's.
 */
function needsSignal(client: CommandClient): boolean {
  const { config } = client as { readonly config?: { readonly requestHandler?: unknown } };
  const handler = config?.requestHandler;
  return handler !== undefined && !(handler instanceof OrderlyHandler);
}

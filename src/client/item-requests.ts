/**
 * Requests about items over one configuration, with values in one form. Most go the direct path; the SDK
 * sends the others: the first of each operation, and all that the direct path does not know.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { noteSending } from "../errors/notes.js";
import { legible } from "../errors/thrown.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import type { Post } from "../wire/exchange.js";
import type { SignedRequest } from "../wire/request-template.js";
import { checkAsked, checkMet } from "./answer-match.js";
import type { Values } from "./answer-members.js";
import { DirectPath } from "./direct-path.js";
import { handingOn, passOn, takingHandedOn } from "./handed-on.js";
import {
  isLegacy,
  namesArn,
  type OperationName,
  operations,
  type PlainOperation,
  withToken,
} from "./operations.js";
import {
  answerOf,
  isAnswer,
  type Protocol,
  protocolWith,
  type Response,
  type ValueForm,
} from "./protocol.js";
import { refusalReader } from "./refusal-reader.js";
import { watchSending } from "./unsent.js";

/** Who sends the requests: the direct path wherever it can, or the SDK always. */
export type Wire = "direct" | "sdk";

/** As the SDK takes them: a signal may be `null`. */
export type SendOptions = { readonly abortSignal?: AbortSignal | null };

/** From how many ms on the SDK's signer (core 3.981) corrects the clock, and says so on the error. */
const skewMs = 240_000;

/** What is read of the configuration of the SDK's client, and its protocol, which is replaced. */
type FastConfig = Omit<DynamoDBClient["config"], "protocol"> & { protocol: Protocol };

export class ItemRequests {
  /** How many requests went which way. A refusal is read by the SDK, whoever sent its request. */
  readonly sent = { direct: 0, sdk: 0 };
  readonly #client: DynamoDBClient;
  readonly #config: FastConfig;
  readonly #given: DynamoDBClientConfig;
  readonly #form: ValueForm;
  readonly #direct: DirectPath | undefined;
  readonly #sdkSend: DynamoDBClient["send"];
  #read: ReturnType<typeof refusalReader> | undefined;

  /** @param stock the client whose credentials and signer are used */
  constructor(
    stock: DynamoDBClient,
    config: DynamoDBClientConfig,
    form: ValueForm,
    wire: Wire = "direct",
  ) {
    this.#given = config;
    this.#form = form;
    this.#client = new DynamoDBClient({
      ...config,
      requestHandler: takingHandedOn(stock.config.requestHandler),
      cacheMiddleware: true,
      // The credentials of both are one: they are asked for once, and renewed for both.
      credentials: stock.config.credentials,
      ...this.#madeOnce(stock.config, config),
    });
    watchSending(this.#client);
    passOn(this.#client);
    // The client's own config: it holds the protocol through which all its requests go.
    this.#config = this.#client.config as unknown as FastConfig;
    this.#config.protocol = protocolWith(this.#config.protocol, form);
    this.#sdkSend = this.#client.send;
    if (wire === "direct" && isSdkOwn(this.#sdkSend)) {
      this.#direct = new DirectPath(stock.config, this.#config);
    }
  }

  /** Sends a request by either way; only a signal is passed beside the SDK's options. */
  async sendAny(
    name: OperationName,
    input: object,
    options: SendOptions | undefined,
  ): Promise<object> {
    const { abortSignal, ...others } = options ?? {};
    if (Object.keys(others).length === 0) {
      const signal = abortSignal ?? undefined;
      return this.request(name, input, signal) ?? this.#send(name, input, signal);
    }
    this.sent.sdk += 1;
    return this.#command(name, input, input, options);
  }

  /**
   * Sends a request by the direct path.
   * @returns `undefined` if the SDK has to send it
   */
  request(
    name: OperationName,
    input: object,
    signal: AbortSignal | undefined,
  ): Promise<object> | undefined {
    const direct = this.#direct;
    if (direct === undefined || !direct.knows(name)) return undefined;
    // Instrumentation, and mocks, replace the method of the class: then it must see each request.
    if (this.#client.send !== this.#sdkSend) return undefined;
    if (isLegacy(input) || namesArn(input)) return undefined;
    // The SDK also takes signals from before AbortSignal existed.
    if (signal !== undefined && typeof signal.addEventListener !== "function") return undefined;
    return this.#sendDirectly(direct, name, input, signal);
  }

  /** Sends a request by the SDK's client. */
  #send(name: OperationName, input: object, signal: AbortSignal | undefined): Promise<object> {
    this.sent.sdk += 1;
    const own = signal === undefined ? input : handingOn(input, { signal });
    return this.#command(name, input, own, undefined);
  }

  async #sendDirectly(
    direct: DirectPath,
    name: OperationName,
    input: object,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    const own = withToken({ name }, input);
    let post: Post | undefined;
    try {
      // Written before anything is waited for: its values are the caller's.
      const text = this.#form.textOf(own, operations[name].shape);
      post = direct.prepare(name, text, await direct.identity());
    } catch (thrown) {
      throw noteSending(thrown, false);
    }
    if (post === undefined) return await this.#send(name, own, signal);
    this.sent.direct += 1;
    const { systemClockOffset: offset } = this.#config;
    try {
      const response = await direct.send(post, signal);
      direct.learnClock(response.headers);
      if (!isAnswer(response)) return await this.#refused(name, own, response, offset);
      const { body } = response;
      const answer = answerOf(this.#config.protocol, this.#form, { name }, body, response);
      checkAsked(name, input, answer as Values);
      return answer;
    } catch (thrown) {
      throw noteSending(thrown, true);
    }
  }

  /**
   * Throws the error of a response: the SDK's own.
   * @param offset the service's clock as the request was signed by it
   */
  async #refused(
    name: OperationName,
    input: object,
    response: Response,
    offset: number,
  ): Promise<never> {
    this.#read ??= refusalReader(this.#given, this.#form, this.#config, this.#sdkSend);
    const error = legible(await this.#read(name, input, response));
    // It was a response, and says that the request arrived.
    if (!isOfHttp(error)) {
      throw unreadableAnswer("the SDK could not read its error", response.statusCode);
    }
    checkMet(name, input, error);
    const now = this.#config.systemClockOffset;
    // Of several requests that are refused at once, the SDK sees only the first one's clock change.
    if (now !== offset && Math.abs(now) >= skewMs) {
      (error.$metadata as { clockSkewCorrected?: boolean }).clockSkewCorrected = true;
    }
    throw error;
  }

  async #command(
    name: OperationName,
    input: object,
    own: object,
    options: SendOptions | undefined,
  ): Promise<object> {
    const { command: Plain }: PlainOperation = operations[name];
    const client = this.#client;
    const command = new Plain(own as never) as never;
    try {
      const sent =
        options === undefined ? client.send(command) : client.send(command, options as object);
      const answer: object = await sent;
      if (isOfHttp(answer)) checkAsked(name, input, answer);
      return answer;
    } catch (thrown) {
      const error = legible(thrown);
      if (isOfHttp(error)) checkMet(name, input, error);
      throw thrown;
    }
  }

  /**
   * What the SDK creates again for each request although its configuration never changes: a signer,
   * from a copy of the whole configuration, and the endpoint, from its text. Both are options of its
   * clients. The signer is the stock client's: at each signature it requests the credentials, and is
   * given the time and the region that the endpoint's rules name, if any.
   */
  #madeOnce(
    { signer }: DynamoDBClient["config"],
    { endpoint }: DynamoDBClientConfig,
  ): DynamoDBClientConfig {
    let kept: Awaited<ReturnType<typeof signer>> | undefined;
    const sign: NonNullable<typeof kept>["sign"] = async (request, options) => {
      kept ??= await signer();
      const signed = await kept.sign(request, options);
      this.#direct?.learn(signed as SignedRequest);
      return signed;
    };
    return {
      signer: { sign },
      ...(typeof endpoint === "string" && { endpoint: { url: new URL(endpoint) } }),
    };
  }
}

/** Whether it is a response or a refusal. Without a status it is a mock's, or a failure of another kind. */
function isOfHttp(given: unknown): given is Values {
  const { $metadata } = (given ?? {}) as { readonly $metadata?: Partial<Values> };
  return $metadata?.httpStatusCode !== undefined;
}

/**
 * Whether a client's `send` is the SDK's, and no mock or instrumentation that was there first. The SDK's is a
 * method of a class, and the name of what it calls survives minifying.
 */
export function isSdkOwn(send: unknown): boolean {
  const text = Function.prototype.toString.call(send);
  return text.startsWith("send(") && text.includes("resolveMiddleware");
}

/**
 * A document client that writes native values directly to the wire and reads them directly back.
 *
 * Why: lib-dynamodb marshals each value twice (to AttributeValues, then through the SDK's schema). Here
 * the bodies are written and read once, and most requests do not go through the SDK's pipeline at all
 * (`item-requests.ts`). The responses are the same as the document client's, which a differential test
 * verifies. Whatever this module does not know is sent by the document client.
 */
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { isObject } from "../runtime/objects.js";
import { readingExactly } from "./document-command.js";
import { ItemRequests, isSdkOwn, type SendOptions, type Wire } from "./item-requests.js";
import { marshallable } from "./marshalling.js";
import { isLegacy, namesOfCommands, type OperationName } from "./operations.js";
import { nativeForm, storedForm } from "./protocol.js";
import { watchAnswer } from "./unsent.js";

/**
 * A mock replaces this method for all document clients. If it does, commands are sent through it, also if it
 * was there before this module was loaded: then the SDK's own is the one that the class inherits.
 */
const { prototype } = DynamoDBDocumentClient;
const isReplaced = Object.hasOwn(prototype, "send") && !isSdkOwn(prototype.send);
const stockSend: unknown = (isReplaced ? Object.getPrototypeOf(prototype) : prototype).send;
const isMocked = () => prototype.send !== stockSend;

interface DocumentCommand {
  readonly input: object;
  readonly constructor: unknown;
  readonly middlewareStack: { identify(): string[] };
}

type TranslateConfig = Parameters<typeof DynamoDBDocumentClient.from>[1];

/** A document client over a configuration, as fast as the SDK's pipeline allows. */
export class NativeDocumentClient extends DynamoDBDocumentClient {
  readonly marshalsRight = true;
  readonly #items: ItemRequests;
  readonly #ownSend: unknown;
  #hasMiddleware = false;

  /** @param client the stock client, for table commands and everything else that is not about items */
  constructor(
    client: DynamoDBClient,
    config: DynamoDBClientConfig,
    translateConfig: TranslateConfig,
    wire?: Wire,
  ) {
    super(client, translateConfig);
    this.#items = new ItemRequests(client, config, nativeForm, wire);
    this.#ownSend = this.send;
    this.#watchMiddleware();
  }

  /** How many requests went which way. @internal */
  get sent(): ItemRequests["sent"] {
    return this.#items.sent;
  }

  /**
   * Sends a request without a command, by the direct path.
   * @returns `undefined` if a command must be sent in its place
   */
  request(
    name: OperationName,
    input: object,
    signal: AbortSignal | undefined,
  ): Promise<object> | undefined {
    const isOwn = this.send === this.#ownSend && !isMocked();
    return isOwn && !this.#hasMiddleware ? this.#items.request(name, input, signal) : undefined;
  }

  override send = ((command: DocumentCommand, options?: SendOptions, callback?: unknown) => {
    const name = namesOfCommands.get(command.constructor);
    const mocked = isMocked();
    if (
      name === undefined ||
      !isObject(command.input) ||
      mocked ||
      this.#hasMiddleware ||
      command.middlewareStack.identify().length > 0 ||
      callback !== undefined ||
      typeof options === "function" ||
      isLegacy(command.input)
    ) {
      const send = DynamoDBDocumentClient.prototype.send as (...given: unknown[]) => unknown;
      return send.call(this, mocked ? command : stockForm(command), options, callback);
    }
    return this.#items.sendAny(name, command.input, options);
  }) as DynamoDBDocumentClient["send"];

  /**
   * Middleware that is added later, for tracing for instance, is added to the stock client, which
   * then sends.
   */
  #watchMiddleware(): void {
    const stack = this.middlewareStack as unknown as Record<
      string,
      (...given: unknown[]) => unknown
    >;
    for (const name of ["add", "addRelativeTo", "use", "remove", "removeByTag"]) {
      const change = stack[name];
      stack[name] = (...given) => {
        this.#hasMiddleware = true;
        return change?.(...given);
      };
    }
  }
}

/**
 * The same client for values in DynamoDB's own form, which preserves what native values lose: the
 * text of a number, and the type of an empty set. Its commands are the document client's, and their
 * inputs and responses hold attribute values.
 */
export class StoredValuesClient {
  readonly marshalsRight = true;
  readonly #items: ItemRequests;

  /** @param client a client with a protocol, see `hasProtocol` */
  constructor(client: DynamoDBClient, config: DynamoDBClientConfig, wire?: Wire) {
    this.#items = new ItemRequests(client, config, storedForm, wire);
  }

  /** How many requests went which way. @internal */
  get sent(): ItemRequests["sent"] {
    return this.#items.sent;
  }

  /** The same as the document client's. */
  request(
    name: OperationName,
    input: object,
    signal: AbortSignal | undefined,
  ): Promise<object> | undefined {
    return this.#items.request(name, input, signal);
  }

  /**
   * @throws TypeError for a command that is not about items
   */
  async send(command: DocumentCommand, options?: SendOptions): Promise<unknown> {
    const name = namesOfCommands.get(command.constructor);
    if (name === undefined) throw new TypeError("only the commands for items have values");
    return this.#items.sendAny(name, command.input, options);
  }
}

/**
 * The command, changed so that the stock client, which marshals a command's own values, sends them
 * correctly. Its response is checked as those are that the stock client does not send.
 */
function stockForm(command: DocumentCommand): DocumentCommand {
  const sent = readingExactly(command, marshallable);
  watchAnswer(sent as unknown as Parameters<typeof watchAnswer>[0]);
  return sent;
}

/**
 * A document client that writes native values directly to the wire and reads them directly back.
 *
 * Why: lib-dynamodb marshals each value twice (to AttributeValues, then through the SDK's schema) and
 * resolves the middleware stack for each request. That is more than half of a call's CPU time. Here
 * the SDK still does the signing, the endpoints, the errors and the request handler, with its stack
 * cached, and its protocol gets a body that is already JSON. The responses are the same as the
 * document client's, which a differential test verifies. Whatever this module does not know is sent
 * by the document client.
 */
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import zlib from "node:zlib";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand as QueryItemsCommand,
  ScanCommand as ScanItemsCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { legible } from "../errors/thrown.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { checkAsked, checkMet } from "./answer-match.js";
import { checkMembers, requestIdHeader, type Values } from "./answer-members.js";
import { mostAnswerBytes, sizeOf, tooLarge } from "./answer-size.js";
import { readingExactly } from "./document-command.js";
import { marshallable } from "./marshalling.js";
import { checkRefusedItems } from "./refused-items.js";
import { handOnSignals, takingSignals, withSignal } from "./sent-signals.js";
import { watchAnswer, watchSending } from "./unsent.js";
import { type BodyShape, bodyOf, nativeAnswer, storedAnswer, storedText } from "./wire-format.js";

const item: BodyShape = {
  Key: "map",
  Item: "map",
  ExclusiveStartKey: "map",
  ExpressionAttributeValues: "map",
};

/** An operation of the SDK's. */
interface PlainOperation {
  readonly command: new (input: never) => object;
  /** The parts of its input that hold values. */
  readonly shape: BodyShape;
}

/** The operations under the names that their schemas give them. */
const operations = {
  GetItem: { command: GetItemCommand, shape: item },
  PutItem: { command: PutItemCommand, shape: item },
  UpdateItem: { command: UpdateItemCommand, shape: item },
  DeleteItem: { command: DeleteItemCommand, shape: item },
  Query: { command: QueryItemsCommand, shape: item },
  Scan: { command: ScanItemsCommand, shape: item },
  BatchGetItem: {
    command: BatchGetItemCommand,
    shape: { RequestItems: { each: { Keys: { list: "map" } } } },
  },
  BatchWriteItem: {
    command: BatchWriteItemCommand,
    shape: { RequestItems: { each: { list: { PutRequest: item, DeleteRequest: item } } } },
  },
  TransactGetItems: {
    command: TransactGetItemsCommand,
    shape: { TransactItems: { list: { Get: item } } },
  },
  TransactWriteItems: {
    command: TransactWriteItemsCommand,
    shape: {
      TransactItems: { list: { Put: item, Update: item, Delete: item, ConditionCheck: item } },
    },
  },
} satisfies Record<string, PlainOperation>;

/** The operation of each document command, by its class: bundlers rename classes. */
const namesOfCommands = new Map<unknown, keyof typeof operations>([
  [GetCommand, "GetItem"],
  [PutCommand, "PutItem"],
  [UpdateCommand, "UpdateItem"],
  [DeleteCommand, "DeleteItem"],
  [QueryCommand, "Query"],
  [ScanCommand, "Scan"],
  [BatchGetCommand, "BatchGetItem"],
  [BatchWriteCommand, "BatchWriteItem"],
  [TransactGetCommand, "TransactGetItems"],
  [TransactWriteCommand, "TransactWriteItems"],
]);

const operationsByName: ReadonlyMap<string, PlainOperation> = new Map(Object.entries(operations));

/** Input members from DynamoDB's first years, whose values are in other places. */
const legacy = [
  "AttributeUpdates",
  "Expected",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
  "AttributesToGet",
];

/** A mock replaces this method for all document clients. If it does, commands are sent through it. */
const stockSend = DynamoDBDocumentClient.prototype.send;

/**
 * The part of the SDK's protocol that is used. It is an extension point of the SDK's clients
 * (`protocol`).
 */
interface Protocol {
  serializeRequest(
    operation: Operation,
    input: object,
    context: object,
  ): Promise<{ body: unknown }>;
  deserializeResponse(
    operation: Operation,
    context: ResponseContext,
    response: Response,
  ): Promise<object>;
  deserializeMetadata(response: Response): object;
}

interface Operation {
  readonly name: string;
}

interface ResponseContext {
  streamCollector(body: unknown): Promise<Uint8Array>;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

interface DocumentCommand {
  readonly input: object;
  readonly constructor: unknown;
  readonly middlewareStack: { identify(): string[] };
}

/** The form of the values in requests and responses. */
interface ValueForm {
  textOf(input: object, shape: BodyShape): string;
  read(answer: Record<string, unknown>): object;
}

const nativeForm: ValueForm = { textOf: bodyOf, read: nativeAnswer };
const storedForm: ValueForm = { textOf: storedText, read: storedAnswer };

type TranslateConfig = Parameters<typeof DynamoDBDocumentClient.from>[1];
type SendOptions = { readonly abortSignal?: AbortSignal };

/**
 * Whether the SDK's client has its protocol as an object, which can then be given bodies that are
 * already JSON. Older releases have none (none in 3.922, there in 3.931), and some runtimes bring
 * them. With those, the stock document client is used.
 */
export function hasProtocol(client: DynamoDBClient): boolean {
  const { protocol } = client.config as unknown as { readonly protocol?: Partial<Protocol> };
  return (
    typeof protocol?.serializeRequest === "function" &&
    typeof protocol.deserializeResponse === "function" &&
    typeof protocol.deserializeMetadata === "function"
  );
}

/** A document client over a configuration, as fast as the SDK's pipeline allows. */
export class NativeDocumentClient extends DynamoDBDocumentClient {
  readonly marshalsRight = true;
  readonly #fast: DynamoDBClient;
  #hasMiddleware = false;

  /** @param client the stock client, for table commands and everything else that is not about items */
  constructor(
    client: DynamoDBClient,
    config: DynamoDBClientConfig,
    translateConfig: TranslateConfig,
  ) {
    super(client, translateConfig);
    this.#fast = fastClient(client, config, nativeForm);
    this.#watchMiddleware();
  }

  override send = ((command: DocumentCommand, options?: SendOptions, callback?: unknown) => {
    const name = namesOfCommands.get(command.constructor);
    const mocked = DynamoDBDocumentClient.prototype.send !== stockSend;
    if (
      name === undefined ||
      mocked ||
      this.#hasMiddleware ||
      command.middlewareStack.identify().length > 0 ||
      callback !== undefined ||
      typeof options === "function" ||
      legacy.some((name) => name in command.input)
    ) {
      const send = DynamoDBDocumentClient.prototype.send as (...given: unknown[]) => unknown;
      return send.call(this, mocked ? command : stockForm(command), options, callback);
    }
    return sendFast(this.#fast, name, command, options);
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
  readonly #fast: DynamoDBClient;

  /** @param client a client with a protocol, see {@link hasProtocol} */
  constructor(client: DynamoDBClient, config: DynamoDBClientConfig) {
    this.#fast = fastClient(client, config, storedForm);
  }

  /**
   * @throws TypeError for a command that is not about items
   */
  async send(command: DocumentCommand, options?: SendOptions): Promise<unknown> {
    const name = namesOfCommands.get(command.constructor);
    if (name === undefined) throw new TypeError("only the commands for items have values");
    return sendFast(this.#fast, name, command, options);
  }
}

/** Sends a document command like the SDK's client; only a signal is passed beside the SDK's options. */
function sendFast(
  client: DynamoDBClient,
  name: keyof typeof operations,
  { input }: DocumentCommand,
  options: SendOptions | undefined,
): Promise<unknown> {
  const { command: Plain }: PlainOperation = operations[name];
  const { abortSignal, ...others } = options ?? {};
  const hasOthers = Object.keys(others).length > 0;
  const own = hasOthers || abortSignal === undefined ? input : withSignal(input, abortSignal);
  const command = new Plain(own as never) as never;
  const sent: Promise<object> = hasOthers ? client.send(command, options) : client.send(command);
  return sent.then(
    (answer) => {
      if (isOfHttp(answer)) checkAsked(name, input, answer);
      return answer;
    },
    (thrown: unknown) => {
      const error = legible(thrown);
      if (isOfHttp(error)) checkMet(input, error);
      throw thrown;
    },
  );
}

/** Whether it is a response or a refusal. Without a status it is a mock's, or a failure of another kind. */
function isOfHttp(given: unknown): given is Values {
  const { $metadata } = (given ?? {}) as { readonly $metadata?: Partial<Values> };
  return $metadata?.httpStatusCode !== undefined;
}

/** A client whose requests and responses hold values in a given form. */
function fastClient(
  client: DynamoDBClient,
  config: DynamoDBClientConfig,
  form: ValueForm,
): DynamoDBClient {
  const fast = new DynamoDBClient({
    ...config,
    requestHandler: takingSignals(client.config.requestHandler),
    cacheMiddleware: true,
    ...madeOnce(client.config, config),
  });
  watchSending(fast);
  handOnSignals(fast);
  // The client's own config: it holds the protocol through which all its requests go.
  const held = fast.config as unknown as { protocol: Protocol };
  held.protocol = protocolWith(held.protocol, form);
  return fast;
}

/**
 * A command in a form that the stock client sends correctly: it marshals the command's own values. Its
 * response is checked as those are that the stock client does not send.
 */
function stockForm(command: DocumentCommand): DocumentCommand {
  const input = marshallable(command.input as Record<string, unknown>);
  // A command with middleware of its own is not replaced.
  const isSame = input === command.input || command.middlewareStack.identify().length > 0;
  const Command = command.constructor as new (input: object) => DocumentCommand;
  const sent = readingExactly(isSame ? command : new Command(input));
  watchAnswer(sent as unknown as Parameters<typeof watchAnswer>[0]);
  return sent;
}

/**
 * What the SDK creates again for each request although its configuration never changes: a signer,
 * from a copy of the whole configuration, and the endpoint, from its text. Both are options of its
 * clients. The signer is the stock client's: at each signature it requests the credentials, and is
 * given the time and the region that the endpoint's rules name, if any.
 */
function madeOnce(
  { signer }: DynamoDBClient["config"],
  { endpoint }: DynamoDBClientConfig,
): DynamoDBClientConfig {
  let kept: Awaited<ReturnType<typeof signer>> | undefined;
  return {
    signer: async () => {
      kept ??= await signer();
      return kept;
    },
    ...(typeof endpoint === "string" && { endpoint: { url: new URL(endpoint) } }),
  };
}

/** @throws TypeError for an operation that is not listed above: its values would be sent unconverted */
function knownOperation({ name }: Operation): PlainOperation {
  const known = operationsByName.get(name);
  if (known === undefined) throw new TypeError(`the operation ${name} is not known`);
  return known;
}

/**
 * A transaction has a token, so that a repeated one is carried out only once. The SDK also generates
 * it.
 */
function withToken({ name }: Operation, input: { readonly ClientRequestToken?: string }): object {
  if (name !== "TransactWriteItems" || input.ClientRequestToken !== undefined) return input;
  return { ...input, ClientRequestToken: randomUUID() };
}

/** The text of a body. The SDK's own way goes through another stream. */
function textOf(body: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.setEncoding("utf8");
    body.on("data", (part: string) => {
      text += part;
      if (text.length > mostAnswerBytes) body.destroy(tooLarge());
    });
    body.on("error", reject);
    body.once("close", () => {
      if (body.readableEnded) return;
      reject(Object.assign(new Error("the response was cut off"), { code: "ECONNRESET" }));
    });
    body.once("end", () => resolve(text));
  });
}

/** The text of a body that is not a Node stream, as custom handlers and those over fetch give it. */
async function collectedText(context: ResponseContext, body: unknown): Promise<string> {
  if (typeof body === "string") return body;
  if (isIterable(body)) {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of body) {
      bytes += sizeOf(part);
      if (bytes > mostAnswerBytes) throw tooLarge();
      parts.push(typeof part === "string" ? Buffer.from(part) : part);
    }
    return Buffer.concat(parts).toString();
  }
  const bytes = isBuffer(body) ? new Uint8Array(body) : body;
  const view = ArrayBuffer.isView(bytes) ? bytes : await context.streamCollector(bytes);
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString();
}

/** A web stream is async iterable too. */
function isIterable(body: unknown): body is AsyncIterable<Uint8Array | string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

function isBuffer(body: unknown): body is ArrayBuffer {
  return Object.prototype.toString.call(body) === "[object ArrayBuffer]";
}

/**
 * DynamoDB sends a checksum of each response's bytes, which tells a changed one; the SDK does not look at it.
 * @throws UnreadableAnswer
 */
function checkSum(text: string, { statusCode, headers }: Response): void {
  const sum = headers["x-amz-crc32"];
  // Node 20.15 and 22.2 brought the function. Of a compressed body the text is not what was summed up.
  if (sum === undefined || headers["content-encoding"] !== undefined || !zlib.crc32) return;
  if (zlib.crc32(text) !== Number(sum)) {
    throw unreadableAnswer("its bytes do not match its checksum (x-amz-crc32)", statusCode);
  }
}

/** @throws UnreadableAnswer for a response that is not DynamoDB's, or is incomplete */
function checkedAnswer(
  { name }: Operation,
  text: string,
  { statusCode, headers }: Response,
): Record<string, unknown> {
  const answer = parsedObject(text);
  if (answer === undefined) {
    const what = text === "" ? "it is empty" : "it is cut off or corrupt, or not a JSON object";
    throw unreadableAnswer(what, statusCode);
  }
  checkMembers(name, answer, { statusCode, requestId: headers[requestIdHeader] });
  return answer;
}

/** @throws UnreadableAnswer for an error status from a proxy or a gateway: DynamoDB names its errors */
function checkIsRefusal(text: string, { statusCode, headers }: Response): void {
  const refusal = parsedObject(text);
  const name = refusal?.__type ?? refusal?.code ?? headers["x-amzn-errortype"];
  if (typeof name !== "string" || name === "") {
    throw unreadableAnswer(`HTTP ${statusCode} without a DynamoDB error`, statusCode);
  }
  checkRefusedItems(refusal ?? {}, statusCode);
}

/**
 * @throws UnreadableAnswer for values that DynamoDB does not have; the reader's message may quote
 * them
 */
function readBy(form: ValueForm, answer: Record<string, unknown>, statusCode: number): object {
  try {
    return form.read(answer);
  } catch {
    throw unreadableAnswer("it holds a value of a type that DynamoDB does not have", statusCode);
  }
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Text that is not JSON is not an object either; the parser's error would quote it.
    return undefined;
  }
}

/**
 * The SDK's protocol with a body of its own. The SDK builds the rest of a request, and reads errors.
 */
function protocolWith(stock: Protocol, form: ValueForm): Protocol {
  const native: Pick<Protocol, "serializeRequest" | "deserializeResponse"> = {
    async serializeRequest(operation, input, context) {
      const request = await stock.serializeRequest(operation, {}, context);
      request.body = form.textOf(withToken(operation, input), knownOperation(operation).shape);
      return request;
    },
    async deserializeResponse(operation, context, response) {
      const { statusCode, headers, body } = response;
      for (const [name, value] of Object.entries(headers)) headers[name.toLowerCase()] = value;
      const text =
        body instanceof Readable ? await textOf(body) : await collectedText(context, body);
      checkSum(text, response);
      if (statusCode >= 300) {
        checkIsRefusal(text, response);
        // Bytes of this realm: in jsdom, the SDK does not recognise a Buffer.
        const whole = { ...response, body: new Uint8Array(Buffer.from(text)) };
        return stock.deserializeResponse(operation, context, whole);
      }
      const answer = checkedAnswer(operation, text, response);
      return Object.assign(readBy(form, answer, statusCode), {
        $metadata: stock.deserializeMetadata(response),
      });
    },
  };
  // Everything else is done by the stock protocol.
  return Object.assign(Object.create(stock) as Protocol, native);
}

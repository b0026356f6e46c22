/**
 * The floor: what a request to DynamoDB costs in any case, without an SDK and without a layer. The
 * body is written, the request signed (Signature Version 4), the response parsed once and its values
 * converted in place. Over HTTP it goes through node:http with connections that are kept alive.
 * Nothing is checked, retried or limited: it is no client, only a measure for one.
 */
import { createHash, createHmac } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { type CellName, newName, rawItem, tableName, writtenAt } from "./canned.js";
import type { Contestant } from "./contestants.js";
import { place, type Wire } from "./wires.js";

type Headers = Readonly<Record<string, string>>;
type Send = (operation: string, body: string) => Promise<string>;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text);

/** Signing keys by their scope: one lasts a day. */
const keys = new Map<string, Buffer>();

function signingKey(secret: string, day: string, region: string): Buffer {
  const scope = `${secret} ${day} ${region}`;
  const known = keys.get(scope);
  if (known !== undefined) return known;
  let key: string | Buffer = `AWS4${secret}`;
  for (const part of [day, region, "dynamodb", "aws4_request"]) key = hmac(key, part).digest();
  keys.set(scope, key as Buffer);
  return key as Buffer;
}

/**
 * The `authorization` header of a POST to `/`.
 * @param headers all that are signed, in the order of their names, all in lower case; `x-amz-date`
 * among them
 */
export function signature(
  headers: Headers,
  body: string,
  { accessKeyId, secretAccessKey }: typeof place.credentials,
  region: string,
): string {
  const names = Object.keys(headers).join(";");
  const time = headers["x-amz-date"] ?? "";
  const day = time.slice(0, 8);
  let lines = "";
  for (const name in headers) lines += `${name}:${headers[name]}\n`;
  const canonical = `POST\n/\n\n${lines}\n${names}\n${sha256(body)}`;
  const scope = `${day}/${region}/dynamodb/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const signed = hmac(signingKey(secretAccessKey, day, region), text).digest("hex");
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signed}`;
}

function signedHeaders(host: string, operation: string, body: string): Record<string, string> {
  const time = new Date().toISOString();
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    host,
    "x-amz-date": `${time.slice(0, 19).replaceAll(/[-:]/g, "")}Z`,
    "x-amz-target": `DynamoDB_20120810.${operation}`,
  };
  const authorization = signature(headers, body, place.credentials, place.region);
  return { ...headers, authorization };
}

function overHttp(endpoint: string): Send {
  const { host, hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  return (operation, body) =>
    new Promise((resolve, reject) => {
      const headers = signedHeaders(host, operation, body);
      const request = httpRequest({ agent, hostname, port, method: "POST", path: "/", headers });
      request.once("error", reject);
      request.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.once("error", reject);
        response.once("end", () => resolve(text));
      });
      request.end(body);
    });
}

/** Signs all the same: the signature is the library's work, not that of the way. */
function overNothing(wire: Wire): Send {
  return async (operation, body) => {
    signedHeaders("127.0.0.1:1", operation, body);
    return wire.answerTo(body).toString();
  };
}

/** The JSON of native values in DynamoDB's form; only the types that the cells need. */
function attribute(value: unknown): string {
  if (typeof value === "string") return `{"S":${JSON.stringify(value)}}`;
  if (typeof value === "number") return `{"N":"${value}"}`;
  if (typeof value === "boolean") return `{"BOOL":${value}}`;
  if (Array.isArray(value)) return `{"L":[${value.map(attribute).join(",")}]}`;
  return `{"M":${attributes(value as object)}}`;
}

function attributes(item: object): string {
  let text = "";
  for (const [name, value] of Object.entries(item)) {
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${attribute(value)}`;
  }
  return `{${text}}`;
}

type Stored = Record<string, unknown>;

/** Replaces DynamoDB's form by native values, in place. */
function native(item: Stored): Stored {
  for (const name in item) item[name] = nativeValue(item[name] as Stored);
  return item;
}

function nativeValue(value: Stored): unknown {
  for (const type in value) {
    const held = value[type];
    if (type === "N") return Number(held);
    if (type === "M") return native(held as Stored);
    if (type !== "L") return held;
    const list = held as Stored[];
    for (let index = 0; index < list.length; index += 1)
      (list as unknown[])[index] = nativeValue(list[index] as Stored);
    return list;
  }
  return undefined;
}

interface Answer {
  readonly Item?: Stored;
  readonly Attributes?: Stored;
  readonly Items?: Stored[];
  readonly Responses?: Readonly<Record<string, Stored[]>>;
}

function read(text: string): Answer {
  const answer = JSON.parse(text) as Answer;
  if (answer.Item !== undefined) native(answer.Item);
  if (answer.Attributes !== undefined) native(answer.Attributes);
  for (const item of answer.Items ?? answer.Responses?.[tableName] ?? []) native(item);
  return answer;
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const table = `"TableName":"${tableName}"`;
const keyOf = (index: number) => attributes({ PK: "USER#u1", SK: `CONTENT#c${index}` });

/** The body of each cell's request, written anew for each one, as a layer has to. */
const bodies: Partial<Record<CellName, () => readonly [operation: string, body: string]>> = {
  get: () => ["GetItem", `{${table},"Key":${keyOf(0)}}`],
  put: () => ["PutItem", `{${table},"Item":${attributes(rawItem(0))}}`],
  update: () => {
    const names = JSON.stringify({ "#d": "Data", "#u": "UpdatedAt", "#n": "name" });
    const values = attributes({ ":u": writtenAt, ":n": newName });
    const expression = '"UpdateExpression":"SET #d.#n = :n, #u = :u"';
    const condition = '"ConditionExpression":"attribute_exists(PK)","ReturnValues":"ALL_NEW"';
    const given = `"ExpressionAttributeNames":${names},"ExpressionAttributeValues":${values}`;
    return ["UpdateItem", `{${table},"Key":${keyOf(0)},${expression},${condition},${given}}`];
  },
  query100: () =>
    query("PK = :pk AND begins_with(SK, :sk)", { ":pk": "USER#u1", ":sk": "CONTENT#" }),
  query1000: () =>
    query("PK = :pk AND begins_with(SK, :sk)", { ":pk": "USER#u1", ":sk": "CONTENT#" }),
  batchGet100: () => {
    const all = indexes(100).map(keyOf).join(",");
    return ["BatchGetItem", `{"RequestItems":{"${tableName}":{"Keys":[${all}]}}}`];
  },
  batchWrite25: () => {
    const puts = indexes(25).map((n) => `{"PutRequest":{"Item":${attributes(rawItem(n))}}}`);
    return ["BatchWriteItem", `{"RequestItems":{"${tableName}":[${puts.join(",")}]}}`];
  },
  collection200: () => query("PK = :pk", { ":pk": "USER#u1" }),
};

function query(condition: string, values: object): readonly [string, string] {
  const given = `"ExpressionAttributeValues":${attributes(values)}`;
  return ["Query", `{${table},"KeyConditionExpression":"${condition}",${given}}`];
}

/** The floor as a contestant. */
export function floor(wire: Wire): Contestant {
  const send = wire.endpoint === undefined ? overNothing(wire) : overHttp(wire.endpoint);
  const run = (write: () => readonly [string, string]) => async () => read(await send(...write()));
  const cells = Object.entries(bodies).map(([cell, write]) => [cell, run(write)] as const);
  return { name: "floor", cells: Object.fromEntries(cells) };
}

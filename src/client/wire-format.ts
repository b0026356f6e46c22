/** DynamoDB's JSON: from native values to a request's text, and from a parsed response to native values. */
import { convertToAttr } from "@aws-sdk/util-dynamodb";
import { isBytes } from "../runtime/realms.js";
import { limits } from "../table/table.js";
import { numberOf, wireTextOf } from "../values/exact-number.js";
import { attached, plainForm } from "./marshalling.js";

/** The parts of a request's body that hold values. Everything else is plain JSON. */
export interface BodyShape {
  readonly [field: string]:
    | "map"
    | BodyShape
    | { readonly list: "map" | BodyShape }
    | { readonly each: BodyShape | { readonly list: BodyShape } };
}

/** A value in DynamoDB's JSON: an object with one member, whose name is the type. */
export type AttributeValue = Readonly<Record<string, unknown>>;

/** The document client's options: the same values are left out here. */
const marshallOptions = {
  removeUndefinedValues: true,
  convertEmptyValues: false,
  convertClassInstanceToMap: false,
};

const mostExact = Number.MAX_SAFE_INTEGER;

/**
 * The text of a request's body. The values are converted first, and all is written at once: a call of
 * `JSON.stringify` for each text costs more than the objects.
 */
export function bodyOf(input: unknown, shape: BodyShape): string {
  return jsonOf(partsOf(input as object, shape));
}

/** The JSON of something, even where an old library gives all objects or all arrays a `toJSON`. */
function jsonOf(value: object): string {
  return "toJSON" in Array.prototype ? JSON.stringify(value, itself) : JSON.stringify(value);
}

function itself(this: Parts, name: string): unknown {
  return this[name];
}

type Parts = Record<string, unknown>;

function partsOf(input: object, shape: BodyShape): Parts {
  const parts: Parts = {};
  for (const name of Object.keys(input)) {
    const value = (input as Parts)[name];
    if (value === undefined || value === null) continue;
    setMember(parts, name, partOf(value, shape[name]));
  }
  return parts;
}

function partOf(value: unknown, shape: BodyShape[string] | undefined): unknown {
  if (shape === undefined || typeof value !== "object" || value === null) return value;
  if (shape === "map") return mapOf(value as Parts);
  if ("list" in shape) {
    const of = shape.list as "map" | BodyShape;
    return Array.from(value as unknown[], (member) => partOf(member, of));
  }
  if ("each" in shape) {
    const of = shape.each as BodyShape;
    const parts: Parts = {};
    for (const name of Object.keys(value)) {
      setMember(parts, name, partOf((value as Parts)[name], of));
    }
    return parts;
  }
  return partsOf(value, shape as BodyShape);
}

function setMember(map: Parts, name: string, value: unknown): void {
  // Assigned, it would be no member.
  if (name === "__proto__") {
    Object.defineProperty(map, name, { value, enumerable: true });
  } else map[name] = value;
}

function mapOf(map: Readonly<Parts>): Parts {
  const attributes: Parts = {};
  // With inherited members, as in util-dynamodb.
  for (const name in map) {
    const value = map[name];
    if (value === undefined || typeof value === "function") continue;
    setMember(attributes, name, attributeOf(value));
  }
  return attributes;
}

/** The JSON of one value. */
export function valueText(value: unknown): string {
  return jsonOf(attributeOf(value));
}

/** One value in DynamoDB's form, with its bytes in base64. */
function attributeOf(value: unknown): AttributeValue {
  switch (typeof value) {
    case "string":
      return { S: value };
    case "number":
      return value >= -mostExact && value <= mostExact ? { N: String(value) } : stockForm(value);
    case "boolean":
      return { BOOL: value };
    case "bigint":
      return { N: String(value) };
    default:
      return value === null ? { NULL: true } : attributeOfObject(value as object);
  }
}

// Looked up once: in a context of node:vm, such as Jest's, looking up a global takes longer than
// everything else that is done for a value.
const { getPrototypeOf, prototype: ofObjects } = Object;
const { isArray } = Array;

function attributeOfObject(value: object): AttributeValue {
  if (isArray(value)) {
    // Not by its own methods: those of a class that extends Array make another of the class.
    const members: AttributeValue[] = [];
    for (let at = 0; at < value.length; at += 1) {
      const member: unknown = value[at];
      if (member !== undefined && typeof member !== "function") members.push(attributeOf(member));
    }
    return { L: members };
  }
  const prototype: unknown = getPrototypeOf(value);
  if (prototype === ofObjects || prototype === null) return { M: mapOf(value as Parts) };
  const set = prototype === Set.prototype ? setOf(value as Set<unknown>) : undefined;
  if (set !== undefined) return set;
  if (isOwnBytes(value, prototype)) return { B: base64Of(value) };
  const number = wireTextOf(value);
  return number === undefined ? stockForm(value) : { N: number };
}

/** Whether it is a Uint8Array or a Buffer of this realm: any other kind of binary is rare. */
function isOwnBytes(value: unknown, prototype: unknown): value is Uint8Array {
  const isOwn = prototype === Uint8Array.prototype || prototype === Buffer.prototype;
  return isOwn && ArrayBuffer.isView(value);
}

/**
 * Up to this size, copying bytes is faster than requesting their buffer, which V8 allocates only
 * then.
 */
const shortBytes = 1_024;

function base64Of(bytes: Uint8Array): string {
  const { byteLength } = attached(bytes);
  const own =
    byteLength <= shortBytes
      ? Buffer.from(bytes)
      : Buffer.from(bytes.buffer, bytes.byteOffset, byteLength);
  return own.toString("base64");
}

/** A set of strings, of numbers or of bytes; `undefined` for any other, and for an empty one. */
function setOf(set: ReadonlySet<unknown>): AttributeValue | undefined {
  let type = "";
  const members: string[] = [];
  for (const member of set) {
    const one = memberOf(member);
    if (one === undefined || (type !== "" && one.type !== type)) return undefined;
    type = one.type;
    members.push(one.text);
  }
  return type === "" ? undefined : { [type]: members };
}

function memberOf(member: unknown): { readonly type: string; readonly text: string } | undefined {
  if (typeof member === "string") return { type: "SS", text: member };
  if (Number.isSafeInteger(member)) return { type: "NS", text: String(member) };
  if (typeof member !== "object" || member === null) return undefined;
  return isOwnBytes(member, Object.getPrototypeOf(member))
    ? { type: "BS", text: base64Of(member) }
    : undefined;
}

/** Rare values are converted by util-dynamodb: other sets, other binary, and what it refuses. */
function stockForm(value: unknown): AttributeValue {
  const attribute = convertToAttr(plainForm(value) as never, marshallOptions);
  return JSON.parse(storedText(attribute)) as AttributeValue;
}

/** The JSON of something with values in DynamoDB's own form, such as a whole request. */
export function storedText(input: unknown): string {
  return JSON.stringify(input, function (this: Record<string, unknown>, name, member: unknown) {
    const binary = this[name];
    return isBytes(binary) ? Buffer.from(binary).toString("base64") : member;
  });
}

type Attributes = Record<string, AttributeValue>;

/** The conversion of each item of a response, in place. */
type ItemReading = (item: Attributes) => unknown;

/**
 * Converts a parsed response's values to native ones, in place.
 * @throws for a value that DynamoDB does not have
 */
export function nativeAnswer(answer: Record<string, unknown>): Record<string, unknown> {
  return readAnswer(answer, nativeItem);
}

/**
 * Leaves a parsed response's values in DynamoDB's own form, but converts binary to bytes, in place.
 * @throws for a value that DynamoDB does not have
 */
export function storedAnswer(answer: Record<string, unknown>): Record<string, unknown> {
  return readAnswer(answer, storedItem);
}

function readAnswer(answer: Record<string, unknown>, read: ItemReading): Record<string, unknown> {
  for (const name in answer) if (answer[name] === null) Reflect.deleteProperty(answer, name);
  for (const name of ["Item", "Attributes", "LastEvaluatedKey"]) {
    if (answer[name] != null) read(answer[name] as Attributes);
  }
  if (Array.isArray(answer.Items)) for (const item of answer.Items as Attributes[]) read(item);
  if (answer.Responses != null) readResponses(answer.Responses as object, read);
  for (const name of ["UnprocessedKeys", "UnprocessedItems"]) {
    for (const entry of Object.values((answer[name] ?? {}) as object) as unknown[])
      readRequests(entry, read);
  }
  if (answer.ItemCollectionMetrics != null)
    readMetrics(answer.ItemCollectionMetrics as object, read);
  return answer;
}

/** `Responses`: of a BatchGet by table, of a TransactGet as a list. */
function readResponses(responses: object, read: ItemReading): void {
  if (Array.isArray(responses)) {
    for (const response of responses as { Item?: Attributes }[]) {
      if (response.Item != null) read(response.Item);
    }
    return;
  }
  for (const items of Object.values(responses) as Attributes[][])
    for (const item of items) read(item);
}

/** The keys, puts and deletes of one table that a batch left unprocessed. */
function readRequests(entry: unknown, read: ItemReading): void {
  if (!Array.isArray(entry)) {
    const { Keys = [], ExclusiveStartKey } = entry as {
      Keys?: Attributes[];
      ExclusiveStartKey?: never;
    };
    for (const key of Keys) read(key);
    if (ExclusiveStartKey != null) read(ExclusiveStartKey);
    return;
  }
  for (const { PutRequest, DeleteRequest } of entry as Record<
    string,
    Record<string, Attributes>
  >[]) {
    if (PutRequest?.Item != null) read(PutRequest.Item);
    if (DeleteRequest?.Key != null) read(DeleteRequest.Key);
  }
}

type Metrics = { ItemCollectionKey?: Attributes };

/** The metrics of one item, or by table for batches and transactions. */
function readMetrics(metrics: object, read: ItemReading): void {
  const all =
    "ItemCollectionKey" in metrics
      ? [metrics as Metrics]
      : (Object.values(metrics).flat() as Metrics[]);
  for (const { ItemCollectionKey } of all) if (ItemCollectionKey != null) read(ItemCollectionKey);
}

/** The item itself is level 1 of its nesting, as in DynamoDB's limit. */
const itemLevel = 1;

/** DynamoDB stores 32 levels. No engine counts them so differently that it stores twice as many. */
const mostLevels = 2 * limits.nestingLevels;

/** What becomes of a value: of its type, and of what it holds. */
type ValueReading = (type: string, held: unknown, level: number, value: AttributeValue) => unknown;

/**
 * Reads a value in DynamoDB's form. It is checked here, where each value is visited anyway.
 * @throws for a value that DynamoDB does not have: one of two types, or not of the kind of its type
 */
function readValue(value: AttributeValue, level: number, read: ValueReading): unknown {
  let type = "";
  let held: unknown;
  for (const name in value) {
    // The member that a loop is at is read faster than any other.
    const member = value[name];
    // The SDK, too, reads a member that is null as one that is not there.
    if (type === "" || held === null) {
      type = name;
      held = member;
    } else if (member !== null) throw foreign("is of two types");
  }
  if (!isOfKind(type, held)) throw foreign("is of no type, or not of its kind");
  if (level > mostLevels) throw foreign("is nested too deeply");
  return read(type, held, level, value);
}

function foreign(what: string): Error {
  return new Error(`a value ${what}`);
}

/** Whether what a value holds is of the kind that its type says, without looking into lists and maps. */
function isOfKind(type: string, held: unknown): boolean {
  switch (type) {
    case "S":
    case "N":
      return typeof held === "string";
    case "M":
      return typeof held === "object" && held !== null && !isArray(held);
    case "L":
      return isArray(held);
    case "BOOL":
      return typeof held === "boolean";
    case "NULL":
      return held === true;
    case "B":
      return isBinary(held);
    case "SS":
    case "NS":
      return isArray(held) && held.every((member) => typeof member === "string");
    case "BS":
      return isArray(held) && held.every(isBinary);
    default:
      return false;
  }
}

/** Binary is base64 in responses, and bytes in what the SDK has read. */
function isBinary(held: unknown): boolean {
  return typeof held === "string" || isBytes(held);
}

/** Converts the binary values of an item from base64 to bytes, in place. */
function storedItem(item: Attributes, level = itemLevel): void {
  for (const name in item) item[name] = storedValue(item[name] as AttributeValue, level + 1);
}

function storedValue(value: AttributeValue, level: number): AttributeValue {
  return readValue(value, level, storedForm) as AttributeValue;
}

function storedForm(
  type: string,
  held: unknown,
  level: number,
  value: AttributeValue,
): AttributeValue {
  switch (type) {
    case "N":
      numberOf(held as string);
      break;
    case "NS":
      for (const member of held as string[]) numberOf(member);
      break;
    case "M":
      storedItem(held as Attributes, level);
      break;
    case "L":
      return { L: (held as AttributeValue[]).map((member) => storedValue(member, level + 1)) };
    case "B":
      return { B: nativeBinary(held) };
    case "BS":
      return { BS: (held as unknown[]).map(nativeBinary) };
    default:
  }
  // Others take the first member of several, even if it is null.
  for (const name in value) if (name !== type) return { [type]: held };
  return value;
}

/** Converts the values of an item to native ones, in place. */
export function nativeItem(
  item: Record<string, AttributeValue>,
  level: number = itemLevel,
): Record<string, AttributeValue> {
  const native = item as Record<string, unknown>;
  for (const name in item) native[name] = nativeValue(item[name] as AttributeValue, level + 1);
  return item;
}

/** A copy of an item with native values. */
export function nativeCopyOf(item: Readonly<Record<string, AttributeValue>>): object {
  return nativeItem(withAttributes(item, (value) => value));
}

/** The same of a stream record's item: the streams of DynamoDB Local 3.3 write an empty map without its type. */
export function nativeImageOf(image: Readonly<Record<string, AttributeValue>>): object {
  const isTyped = (value: AttributeValue) => Object.keys(value).length > 0;
  return nativeItem(withAttributes(image, (value) => (isTyped(value) ? value : { M: {} })));
}

/**
 * The same item in a form from which util-dynamodb's `unmarshall` makes the same values as this package.
 * `unmarshall` would round some numbers, and refuse others with their value in the message. A text is
 * taken as it is.
 */
export function unmarshallable(item: Readonly<Record<string, AttributeValue>>): object {
  return withAttributes(item, (value) => {
    const { N, NS } = value as { readonly N?: string; readonly NS?: readonly string[] };
    if (N !== undefined && isExactAlone(N)) return { S: numberOf(N) };
    return NS?.some(isExactAlone) ? { SS: NS.map(numberOf) } : value;
  });
}

/** Whether util-dynamodb cannot represent a number. */
function isExactAlone(text: string): boolean {
  const value = numberOf(text);
  return typeof value === "bigint" ? !/^-?\d+$/.test(text) : typeof value === "object";
}

/** A copy in which each scalar value is replaced. */
function withAttributes(
  map: Readonly<Record<string, AttributeValue>>,
  replace: (value: AttributeValue) => AttributeValue,
): Record<string, AttributeValue> {
  const each = (value: AttributeValue): AttributeValue => {
    if (value.M !== undefined) return { M: withAttributes(value.M as typeof map, replace) };
    if (value.L !== undefined) return { L: (value.L as AttributeValue[]).map(each) };
    return replace(value);
  };
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, each(value)]));
}

/**
 * The value of parsed JSON.
 * @throws for a value that DynamoDB does not have
 */
export function nativeValue(value: AttributeValue, level: number = itemLevel): unknown {
  return readValue(value, level, nativeForm);
}

function nativeForm(type: string, held: unknown, level: number): unknown {
  switch (type) {
    case "N":
      return numberOf(held as string);
    case "M":
      return nativeItem(held as Record<string, AttributeValue>, level);
    case "L": {
      const list = held as unknown[];
      for (let index = 0; index < list.length; index += 1)
        list[index] = nativeValue(list[index] as AttributeValue, level + 1);
      return list;
    }
    case "NULL":
      return null;
    case "B":
      return nativeBinary(held);
    case "SS":
      return new Set(held as string[]);
    case "NS":
      return new Set((held as string[]).map(numberOf));
    case "BS":
      return new Set((held as unknown[]).map(nativeBinary));
    default:
      return held;
  }
}

/** The bytes of binary. @throws for a text that is not base64 */
function nativeBinary(held: unknown): Uint8Array {
  if (isBytes(held)) return held;
  const text = held as string;
  const bytes = Buffer.from(text, "base64");
  // Node skips what is not base64, so that fewer bytes are left than so many characters stand for. It
  // takes the alphabet of URLs, too, and text without padding.
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const isWhole = bytes.byteLength === (text.length * 3) / 4 - padding;
  if (!isWhole || text.includes("-") || text.includes("_")) throw foreign("is not base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

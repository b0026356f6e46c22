/**
 * Values in a form that lib-dynamodb converts correctly.
 *
 * It goes by `constructor.name` (3.1162). So it refuses a map with a field `constructor`, or stores it
 * as something else if that field has a `name`. It refuses a subclass of Uint8Array, sends binary of any
 * other class as no bytes at all, judges a set by its first member, and knows no exact numbers but its
 * own. Most values are not affected, and are left as they are.
 */
import { isAnyArrayBuffer, isDataView } from "node:util/types";
import { NumberValueImpl as NumberValue } from "@aws-sdk/util-dynamodb";
import { isObject } from "../runtime/objects.js";
import { ownBytes } from "../runtime/realms.js";
import { exactTextOf, numberOf, wireTextOf } from "../values/exact-number.js";

/** A value that no request can hold. The message is a rule, and quotes nothing. */
export class UnstorableValue extends TypeError {
  override readonly name = "ValidationException";
}

type Fields = Readonly<Record<string, unknown>>;

/** The input of a request, with all its values in that form. */
export function marshallable(input: Fields): Fields {
  return withConverted(input, plainForm, inAll);
}

/**
 * A request with each attribute of its items and each expression value converted. It is the same object
 * if none changes.
 */
export function withValues(input: Fields, convert: (value: unknown) => unknown): Fields {
  return withConverted(input, convert, inStored);
}

/** The members of requests that hold values. */
interface Places {
  /** By their attributes, or by their placeholders. */
  readonly maps: readonly string[];
  /** Members from DynamoDB's first years: an attribute has one value, or a list of them. */
  readonly conditions: readonly string[];
  /** Whether the keys of a batch are converted. */
  readonly keys: boolean;
}

const stored = ["Item", "ExpressionAttributeValues"];
const inStored: Places = { maps: stored, conditions: [], keys: false };
const inAll: Places = {
  maps: [...stored, "Key", "ExclusiveStartKey"],
  conditions: ["AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter"],
  keys: true,
};

function withConverted(
  input: Fields,
  convert: (value: unknown) => unknown,
  places: Places,
): Fields {
  let copy: Record<string, unknown> | undefined;
  const put = (name: string, value: unknown) => {
    if (value === input[name]) return;
    copy ??= { ...input };
    copy[name] = value;
  };
  for (const name of places.maps) {
    const map = input[name];
    if (map !== undefined) put(name, places.keys ? ofFields(map, convert) : ofEach(map, convert));
  }
  for (const name of places.conditions) {
    if (input[name] !== undefined) {
      put(
        name,
        ofEach(input[name], (one) => conditionForm(one, convert)),
      );
    }
  }
  const { RequestItems, TransactItems } = input;
  if (RequestItems !== undefined || TransactItems !== undefined) {
    /** A put, an update or a check inside a batch or a transaction. */
    const nested = (request: unknown) =>
      isObject(request) ? withConverted(request, convert, places) : request;
    /** The writes of one table, or its reads. */
    const requestsOf = (requests: unknown) => {
      if (Array.isArray(requests)) return ofEach(requests, (request) => ofEach(request, nested));
      if (!places.keys || !isObject(requests)) return requests;
      return withFields(requests, {
        Keys: ofEach(requests.Keys, (key) => ofFields(key, convert)),
      });
    };
    put("RequestItems", ofEach(RequestItems, requestsOf));
    put(
      "TransactItems",
      ofEach(TransactItems, (operation) => ofEach(operation, nested)),
    );
  }
  return copy ?? input;
}

function conditionForm(one: unknown, convert: (value: unknown) => unknown): unknown {
  if (!isObject(one)) return one;
  const { Value, AttributeValueList } = one;
  return withFields(one, {
    Value: convert(Value),
    AttributeValueList: ofEach(AttributeValueList, convert),
  });
}

function withFields(input: Fields, changed: Fields): Fields {
  const differs = Object.keys(changed).filter((name) => changed[name] !== input[name]);
  if (differs.length === 0) return input;
  return { ...input, ...Object.fromEntries(differs.map((name) => [name, changed[name]])) };
}

/** The attributes of an item or a key with their values converted, and the inherited ones among them. */
function ofFields(fields: unknown, convert: (value: unknown) => unknown): unknown {
  if (!isObject(fields)) return fields;
  let own = fields;
  for (const name in fields) {
    refuseProto(name);
    // lib-dynamodb leaves out what is inherited there, and nowhere else.
    if (!Object.hasOwn(fields, name)) own = { ...own, [name]: fields[name] };
  }
  return ofEach(own, convert);
}

/** @throws UnstorableValue for a name that lib-dynamodb would lose, or send as other attributes */
function refuseProto(name: unknown): void {
  if (name === "__proto__") {
    throw new UnstorableValue("a field named __proto__ cannot be sent by a command or in a Map");
  }
}

/** An array or an object with its members converted. It is the same object if none changes. */
export function ofEach(value: unknown, convert: (member: unknown) => unknown): unknown {
  if (!isObject(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const member: unknown = (value as Fields)[name];
    const converted = convert(member);
    if (converted === member) continue;
    // An array is copied as an array, whose positions are its names.
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[name] = converted;
  }
  return copy ?? value;
}

/**
 * A value in the form that is converted correctly.
 * @throws UnstorableValue for a Blob or a File, for bytes that are gone, and for a set of several types
 */
export function plainForm(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return ofEach(value, plainForm);
  switch (Object.prototype.toString.call(value)) {
    case "[object ExactNumber]":
      return sdkNumber(value);
    case "[object Set]":
      return setForm(value as Set<unknown>);
    case "[object Map]":
      return mapForm(value as Map<unknown, unknown>);
    case "[object Uint8Array]":
      return isSdkBytes(value) ? attached(value) : ownBytes(attached(value as Uint8Array));
    case "[object Object]":
      return isPlainMap(value) ? plainMap(value) : instanceForm(value);
    case "[object Blob]":
    case "[object File]":
      throw new UnstorableValue(
        "a Blob cannot be stored, because its bytes come later: pass `await blob.arrayBuffer()`",
      );
    default:
      return bytesOf(value) ?? value;
  }
}

/** The bytes of an ArrayBuffer, a DataView or a typed array, in the order in which they are in memory. */
function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = attached(value);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return isAnyArrayBuffer(value) ? viewOf(value) : undefined;
}

/**
 * The bytes themselves, if they are still there: those that were transferred to a worker, or lie outside
 * of a buffer that was made smaller, would go out as none.
 * @throws UnstorableValue
 */
export function attached<View extends ArrayBufferView>(view: View): View {
  // Of those that are gone, a DataView throws for its length, and an array for its keys.
  if (isDataView(view)) stillThere(() => view.byteLength);
  else if (view.byteLength === 0) stillThere(() => keysOf.call(view));
  return view;
}

const keysOf = Uint8Array.prototype.keys as (this: unknown) => unknown;

function viewOf(buffer: ArrayBufferLike): Uint8Array {
  return stillThere(() => new Uint8Array(buffer));
}

function stillThere<R>(look: () => R): R {
  try {
    return look();
  } catch {
    throw new UnstorableValue(
      "binary cannot be stored once its bytes are gone: its buffer was transferred, or made smaller",
    );
  }
}

/** Whether the SDK takes these bytes: it goes by the name of their class, and by its realm. */
function isSdkBytes(value: object): value is Uint8Array {
  return value instanceof Uint8Array && isNamed(value, "Uint8Array", "Buffer");
}

/** Whether lib-dynamodb takes an object for a map: it refuses one of any other class. */
function isPlainMap(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || isNamed(prototype as object, "Object");
}

/** An object of a class, still of it: the client's options say whether it is refused or stored as a map. */
function instanceForm(value: object): object {
  const fields = ofEach(value, plainForm) as object;
  if (fields === value) return value;
  // Not assigned: a class may have setters of these names.
  const own = Object.getOwnPropertyDescriptors(fields);
  return Object.create(Object.getPrototypeOf(value) as object, own) as object;
}

/** A map whose values are converted, with inherited ones, as in lib-dynamodb. */
function plainMap(map: object): unknown {
  const fields: [name: string, value: unknown][] = [];
  let isSame = true;
  for (const name in map) {
    refuseProto(name);
    const value: unknown = (map as Fields)[name];
    const converted = plainForm(value);
    if (converted !== value || name === "constructor") isSame = false;
    fields.push([name, converted]);
  }
  // A Map is converted by its entries, whatever their names are.
  return isSame ? map : new Map(fields);
}

/** A number with all its digits, as the SDK takes it. */
function sdkNumber(value: object): unknown {
  const text = wireTextOf(value);
  return text === undefined ? value : NumberValue.from(text);
}

function mapForm(map: Map<unknown, unknown>): Map<unknown, unknown> {
  for (const name of map.keys()) refuseProto(name);
  const entries = [...map].map(([name, member]) => [name, plainForm(member)] as const);
  return entries.every(([name, member]) => member === map.get(name)) ? map : new Map(entries);
}

/** The type of a set's member: by its first one, lib-dynamodb would turn all others into that. */
function setTypeOf(member: unknown): string {
  if (typeof member !== "object" || member === null) {
    return typeof member === "bigint" ? "number" : typeof member;
  }
  if (wireTextOf(member) !== undefined) return "number";
  return ArrayBuffer.isView(member) || isAnyArrayBuffer(member) ? "binary" : "object";
}

/** A set of numbers may mix numbers and bigints if a bigint comes first, but not the SDK's own numbers. */
function setForm(set: Set<unknown>): Set<unknown> {
  const isExact = (member: unknown) =>
    typeof member === "object" && member !== null && wireTextOf(member) !== undefined;
  const members = [...set];
  // What is undefined is left out.
  const types = new Set(members.filter((member) => member !== undefined).map(setTypeOf));
  if (types.size > 1) {
    throw new UnstorableValue("a set holds values of one type: texts, numbers or binary");
  }
  if (members.some(isExact)) {
    return new Set(members.map((member) => NumberValue.from(String(member))));
  }
  return bigintsFirst(ofMembers(set, members.map(plainForm)));
}

/** The same set if these are its members. */
function ofMembers(set: Set<unknown>, members: readonly unknown[]): Set<unknown> {
  return members.every((member) => set.has(member)) ? set : new Set(members);
}

function bigintsFirst(set: Set<unknown>): Set<unknown> {
  const members = [...set];
  const isBig = (member: unknown) => typeof member === "bigint";
  if (isNamed(set, "Set") && (!members.some(isBig) || isBig(members[0]))) return set;
  return new Set([...members.filter(isBig), ...members.filter((member) => !isBig(member))]);
}

/**
 * A value of a response with the SDK's own numbers replaced by this package's. It is the same object if
 * there are none. Releases of util-dynamodb before 3.9xx return them, because they do not call a function
 * for each number.
 */
export function readForm(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const text = exactTextOf(value);
  if (text !== undefined) return numberOf(text);
  if (Object.prototype.toString.call(value) !== "[object Set]") return ofEach(value, readForm);
  const members = [...(value as Set<unknown>)];
  const read = members.map(readForm);
  return read.some((member, index) => member !== members[index]) ? new Set(read) : value;
}

function isNamed(value: object, ...names: readonly string[]): boolean {
  return names.includes(value.constructor?.name);
}

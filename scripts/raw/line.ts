/** An item as a line of a table file: DynamoDB JSON, `{"Item":{"PK":{"S":"…"},…}}`. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { numberOf } from "../../src/values/exact-number.js";
import type { Item } from "./raw-table.js";

/**
 * The line of an item, with its line end. Names and members of sets are sorted, so that the same item
 * always makes the same line.
 */
export function lineOf(item: Item): string {
  return `{"Item":${mapText(item)}}\n`;
}

/**
 * A text that is the same for two values that DynamoDB stores alike. Engines write a number as they
 * like: `1.0` as `1`, `1e2` as `100`.
 */
export function comparableText(item: Item): string {
  return mapText(comparableMap(item));
}

function comparableMap(map: Item): Item {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, comparableValue(value)]),
  );
}

function comparableValue(value: AttributeValue): AttributeValue {
  if (value.N !== undefined) return { N: String(numberOf(value.N)) };
  if (value.NS !== undefined) return { NS: value.NS.map((one) => String(numberOf(one))) };
  if (value.L !== undefined) return { L: value.L.map(comparableValue) };
  return value.M === undefined ? value : { M: comparableMap(value.M) };
}

function mapText(map: Readonly<Record<string, AttributeValue>>): string {
  const members = Object.keys(map)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${attributeText(map[name] as AttributeValue)}`);
  return `{${members.join(",")}}`;
}

/** The JSON of one value. */
export function attributeText(value: AttributeValue): string {
  if (value.M !== undefined) return `{"M":${mapText(value.M)}}`;
  if (value.L !== undefined) return `{"L":[${value.L.map(attributeText).join(",")}]}`;
  if (value.B !== undefined) return `{"B":"${base64(value.B)}"}`;
  if (value.BS !== undefined) return JSON.stringify({ BS: value.BS.map(base64).sort() });
  if (value.SS !== undefined) return JSON.stringify({ SS: value.SS.toSorted() });
  if (value.NS !== undefined) return JSON.stringify({ NS: value.NS.toSorted() });
  return JSON.stringify(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** What a line holds. @throws LineError that names the rule, never a value */
export function itemOf(line: string): Item {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw new LineError("is not JSON", error);
  }
  if (!isObject(parsed) || !isObject(parsed.Item)) {
    throw new LineError('must be an object with the member "Item"');
  }
  return mapOf(parsed.Item, "Item");
}

/** A line that holds no item. */
export class LineError extends Error {
  constructor(rule: string, cause?: unknown) {
    super(rule, { cause });
    this.name = "LineError";
  }
}

function mapOf(map: Readonly<Record<string, unknown>>, path: string): Item {
  const entries = Object.entries(map).map(([name, value]) => [
    name,
    attributeValueOf(value, `${path}.${name}`),
  ]);
  return Object.fromEntries(entries) as Item;
}

/** The value of parsed JSON. @throws LineError that names the rule, never a value */
export function attributeValueOf(value: unknown, path: string): AttributeValue {
  const [type, ...more] = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || type === undefined || more.length > 0) {
    throw new LineError(`${path} must be an attribute value: one type and its value`);
  }
  const held = value[type];
  const wrong = () => new LineError(`${path} is not a value of the type ${type}`);
  switch (type) {
    case "S":
    case "N":
      if (typeof held !== "string") throw wrong();
      return { [type]: held } as unknown as AttributeValue;
    case "B":
      return { B: bytesOf(held, wrong) };
    case "BOOL":
    case "NULL":
      if (typeof held !== "boolean") throw wrong();
      return { [type]: held } as unknown as AttributeValue;
    case "M":
      if (!isObject(held)) throw wrong();
      return { M: mapOf(held, path) };
    case "L":
      if (!Array.isArray(held)) throw wrong();
      return { L: held.map((member, index) => attributeValueOf(member, `${path}[${index}]`)) };
    case "SS":
    case "NS":
      if (!isTexts(held)) throw wrong();
      return { [type]: held } as unknown as AttributeValue;
    case "BS":
      if (!isTexts(held)) throw wrong();
      return { BS: held.map((member) => bytesOf(member, wrong)) };
    default:
      throw new LineError(
        `${path} has the type ${JSON.stringify(type.slice(0, 20))}, which DynamoDB does not have`,
      );
  }
}

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytesOf(held: unknown, wrong: () => LineError): Uint8Array {
  // Node reads anything else as far as it can, and reports nothing.
  if (typeof held !== "string" || !base64Text.test(held)) throw wrong();
  const bytes = Buffer.from(held, "base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isTexts(held: unknown): held is string[] {
  return Array.isArray(held) && held.every((member) => typeof member === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

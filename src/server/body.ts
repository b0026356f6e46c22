/** Reads a request's text, and no more of it than is allowed. */

import { mostLevels } from "../browser/codec.js";
import {
  mostCalls,
  parameter,
  version,
  type WireCall,
  type WireRequest,
} from "../browser/protocol.js";
import { isPlainMap } from "../values/payload.js";
import { Refused, wrong } from "./refused.js";

/** What surrounds a value: the request, its calls, a call, its input. */
const levelsAround = 4;

/** The longest name of a store or a call. */
const mostCharacters = 100;

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @throws Refused if it has another content type than JSON */
export function checkContentType({ headers }: Request): void {
  const type = headers.get("content-type") ?? "";
  const encoding = headers.get("content-encoding") ?? "identity";
  const isJson = /^application\/json(?:\s*;\s*charset=utf-8)?\s*$/i.test(type);
  if (!isJson) throw wrong("content-type", "must be application/json", 415);
  if (encoding !== "identity") throw wrong("content-encoding", "must be identity", 415);
}

/**
 * The text of a GET's query, or of a POST's body, of which at most so many bytes are read.
 * @param signal ends the reading
 * @throws Refused
 */
export async function textOf(
  request: Request,
  mostBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const refuse = () => wrong("body", `has more than ${mostBytes} bytes`, 413);
  if (request.method === "GET") {
    const text = new URL(request.url).searchParams.get(parameter);
    if (text === null) throw wrong(parameter, "is missing in the query");
    if (text.length > mostBytes) throw refuse();
    return text;
  }
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw refuse();
  if (request.body === null) throw wrong("body", "is missing");
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop);
  try {
    let text = "";
    let bytes = 0;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      bytes += chunk.value.byteLength;
      if (bytes > mostBytes) throw refuse();
      text += decoder.decode(chunk.value, { stream: true });
    }
    if (signal.aborted) throw wrong("body", "was not received in time", 408);
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof Refused) throw error;
    // The connection was lost, or the decoder refuses its bytes.
    throw wrong("body", "is no UTF-8 text, or was cut off");
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/**
 * The calls in a request's text.
 * @throws Refused for anything but JSON of the form of a request
 */
export function callsIn(text: string): readonly WireCall[] {
  const { v, calls }: Partial<WireRequest> = objectIn(text);
  if (v !== version) {
    throw wrong("v", `must be ${version}: the page and the server have different versions`);
  }
  if (!Array.isArray(calls) || calls.length === 0 || calls.length > mostCalls) {
    throw wrong("calls", `must be a list of 1 to ${mostCalls} calls`);
  }
  return calls.map(callOf);
}

/**
 * The object that a request's text is.
 * @throws Refused for any other text
 */
export function objectIn(text: string): object {
  if (isDeeperThan(text, mostLevels + levelsAround)) throw wrong("body", "is nested too deeply");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw wrong("body", "is no JSON");
  }
  if (!isPlainMap(json)) throw wrong("body", "must be an object");
  return json;
}

function callOf(given: unknown, index: number): WireCall {
  const at = `calls.${index}`;
  if (!isPlainMap(given)) throw wrong(at, "must be an object");
  const { store, call, input, id, ...rest } = given as Partial<Record<keyof WireCall, unknown>>;
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name.length <= mostCharacters;
  if (!isName(store) || !isName(call)) throw wrong(at, "must have a store and a call");
  if (!Array.isArray(input)) throw wrong(`${at}.input`, "must be a list of arguments");
  if (Object.keys(rest).length > 0) throw wrong(at, "has members that no call has");
  if (id === undefined) return { store, call, input };
  if (typeof id !== "string" || !uuid.test(id)) throw wrong(`${at}.id`, "must be a UUID");
  return { store, call, input, id };
}

/** Whether lists and objects lie deeper inside each other, counted before anything is made of the text. */
function isDeeperThan(text: string, most: number): boolean {
  let level = 0;
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInText) {
      if (character === "\\") index += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === "{" || character === "[") {
      level += 1;
      if (level > most) return true;
    } else if (character === "}" || character === "]") level -= 1;
  }
  return false;
}

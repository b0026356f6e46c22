/** A JSON file of any size, read as a stream; errors in it are reported with a byte offset. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { JSONParser } from "@streamparser/json-node";
import { exactNumber } from "./exact-number.js";

/** A value inside a file. */
export interface FoundValue {
  /** The names and indexes that lead to it from the top. */
  readonly keys: readonly (string | number)[];
  /** Without the values inside it that were yielded before. */
  readonly value: unknown;
}

/** A folder or file of an export that cannot be read. The message names it. */
export class ExportError extends Error {
  /** Where in the file, in bytes from its beginning. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ExportError";
    this.offset = offset;
  }
}

/**
 * Yields the values at the paths (`$.documents.*`), one chunk of the file in memory at a time.
 * @throws ExportError if the file cannot be read, is not JSON or ends too early
 */
export async function* valuesIn(file: string, paths: string[]): AsyncGenerator<FoundValue> {
  const parser = new CountingParser(paths);
  const source = createReadStream(file);
  // The iteration below sees the errors of both streams; the callback is only there because it must be.
  pipeline(source, parser, () => undefined);
  try {
    for await (const found of parser) yield found as FoundValue;
  } catch (error) {
    if (parser.failure === undefined) throw unreadable(file, error);
    if (parser.failure === "end") {
      const offset = parser.bytes;
      throw new ExportError(`${file}: ends too early, at byte ${offset}`, offset, error);
    }
    const offset = await offsetOfError(file, parser.bytes);
    throw new ExportError(`${file}: invalid JSON at byte ${offset}`, offset, error);
  } finally {
    source.destroy();
  }
}

/** What is used of the parser behind the stream, which the stream does not expose (json-node 0.0.26). */
interface ParserBehind {
  /** The tokenizer's own hook for numbers. */
  readonly tokenizer: { parseNumber(text: string): unknown };
  onValue: (found: {
    key: string | number | undefined;
    value: unknown;
    parent: unknown;
    stack: readonly { readonly key: string | number | undefined }[];
  }) => void;
}

/** The parser, which counts the bytes that it has read without an error. */
class CountingParser extends JSONParser {
  bytes = 0;
  failure: "chunk" | "end" | undefined;

  constructor(paths: string[]) {
    super({ paths, keepStack: false });
    const { jsonParser } = this as unknown as { jsonParser: ParserBehind };
    jsonParser.tokenizer.parseNumber = exactNumber;
    jsonParser.onValue = ({ key, value, parent, stack }) => {
      const keys = [...stack.slice(1).map((above) => above.key), key];
      this.push({ keys: keys.filter((one) => one !== undefined), value });
      // A document must not hold those of its subcollections in memory until its own end.
      if (key !== undefined && isRecord(parent)) delete parent[key];
    };
  }

  override _transform(
    chunk: Uint8Array,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    super._transform(chunk, encoding, (error) => {
      if (error) this.failure = "chunk";
      else this.bytes += chunk.length;
      done(error);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    super._final((error) => {
      if (error) this.failure = "end";
      done(error);
    });
  }
}

/**
 * The offset of the first wrong byte. The parser gives none for a token in the wrong place, so the file
 * is read again, the faulty chunk byte by byte.
 */
async function offsetOfError(file: string, chunkStart: number): Promise<number> {
  const parser = new CountingParser(["$.none"]);
  const feed = (bytes: Uint8Array): void => parser._transform(bytes, "utf8", () => undefined);
  let position = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    if (position < chunkStart) feed(chunk);
    else {
      for (let index = 0; index < chunk.length; index += 1) {
        feed(chunk.subarray(index, index + 1));
        if (parser.failure !== undefined) return position + index;
      }
    }
    position += chunk.length;
  }
  return chunkStart;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An error of the file system in words. */
export function unreadable(path: string, error: unknown): ExportError {
  // What the file system throws is always one of Node's own errors.
  const { code = "", message } = error as NodeJS.ErrnoException;
  const rule =
    {
      ENOENT: "does not exist",
      ENOTDIR: "is not a folder",
      EISDIR: "is a folder, not a file",
      EACCES: "may not be read: permission denied",
      EPERM: "may not be read: permission denied",
    }[code] ?? message;
  return new ExportError(`${path}: ${rule}`, undefined, error);
}

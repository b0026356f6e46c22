/** Reads one gzip file of lines as a stream. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { TableFilesError, unreadable } from "./manifest.js";

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Of its first byte, in the lines, not in the compressed file. */
  readonly offset: number;
}

/** An item of 400 KB is at most about 2.5 MB of JSON. */
const mostLineBytes = 8 * 1024 * 1024;

/**
 * Yields the lines of a file; empty ones are left out.
 * @param skip how many lines to skip
 * @throws TableFilesError if the file cannot be read, is damaged, or is not a file of lines
 */
export async function* linesIn(file: string, skip = 0): AsyncGenerator<Line> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  // The iteration below sees the errors of both streams; the callback is only there because it must be.
  pipeline(source, gunzip, () => undefined);
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  let offset = 0;
  const lineOf = (last: Buffer): Line | undefined => {
    const bytes = rest.length === 0 ? last : Buffer.concat([...rest, last]);
    rest = [];
    restBytes = 0;
    number += 1;
    const line = { number, offset };
    // The line end is not in it.
    offset += bytes.length + 1;
    if (number <= skip || bytes.length === 0) return undefined;
    return { ...line, text: bytes.toString("utf8") };
  };
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const line = lineOf(chunk.subarray(start, end));
        if (line !== undefined) yield line;
        start = end + 1;
      }
      if (start < chunk.length) {
        rest.push(chunk.subarray(start));
        restBytes += chunk.length - start;
      }
      if (restBytes > mostLineBytes) {
        throw new TableFilesError(
          `${file}: line ${number + 1} (byte ${offset} of the lines) does not end: this is not a file of items`,
        );
      }
    }
  } catch (error) {
    if (error instanceof TableFilesError) throw error;
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!code.startsWith("Z_")) throw unreadable(file, error);
    throw new TableFilesError(
      `${file}: is damaged or ends too early, after byte ${offset + restBytes} of its lines`,
      error,
    );
  } finally {
    source.destroy();
  }
  const last = restBytes === 0 ? undefined : lineOf(Buffer.alloc(0));
  if (last !== undefined) yield last;
}

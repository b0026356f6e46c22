/** Writes one gzip file of lines that can be continued after any kind of end. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { PassThrough } from "node:stream";
import { constants, createGunzip, createGzip } from "node:zlib";
import { lineOf } from "../../raw/line.js";
import type { Item } from "../../raw/raw-table.js";
import { notKept } from "../../run/run-state.js";
import type { FileEntry } from "./manifest.js";

/** How far a file has got: what a checkpoint keeps of it. */
export interface Written {
  readonly items: number;
  /** Of the lines, not of the compressed file. */
  readonly lineBytes: number;
  /** Of the lines, hexadecimal: a part that was changed is not continued. */
  readonly lineSha256: string;
}

/** The state of a file that was not begun. */
export const nothingWritten: Written = {
  items: 0,
  lineBytes: 0,
  lineSha256: createHash("sha256").digest("hex"),
};

export interface TableFile {
  /** Takes items; resolves when there is room for more. */
  add(items: readonly Item[]): Promise<void>;
  /** Everything so far reaches the file, and can be continued from. @throws StateError for a full disk */
  flush(): Promise<Written>;
  /** Ends the file and gives it its name; before, it is `<name>.part`. */
  finish(): Promise<FileEntry>;
  /** Leaves the part where it is. */
  close(): Promise<void>;
}

/**
 * Opens a file for writing.
 * @param path ends in `data/<name>.json.gz`
 * @param from what to keep of the part that an interrupted run left; `undefined` if the part does not hold that
 * @throws StateError if the file cannot be written
 */
export async function openTableFile(path: string, from: Written): Promise<TableFile | undefined> {
  const part = `${path}.part`;
  const old = `${path}.old`;
  if (from.lineBytes > 0) {
    // A part that was being continued is complete; the new one may be short.
    if (!(await exists(old))) {
      if (!(await exists(part))) return undefined;
      await rename(part, old);
    }
  } else await rm(old, { force: true });

  const sink = createWriteStream(part);
  const gzip = createGzip({ level: 6 });
  const hash = createHash("sha256");
  const lineHash = createHash("sha256");
  let failure: unknown;
  let bytes = 0;
  let { items } = from;
  // What is kept is written again, and counted then.
  let lineBytes = 0;
  for (const stream of [sink, gzip]) {
    stream.on("error", (error: unknown) => {
      failure ??= error;
    });
  }
  gzip.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
    if (!sink.write(chunk)) {
      gzip.pause();
      sink.once("drain", () => gzip.resume());
    }
  });
  const check = () => {
    if (failure !== undefined) throw notKept(part, failure);
  };
  const give = async (chunk: string | Buffer): Promise<void> => {
    check();
    lineBytes += Buffer.byteLength(chunk);
    lineHash.update(chunk);
    if (!gzip.write(chunk)) await either(once(gzip, "drain"), sink);
    check();
  };
  /** Waits for a stream's callback, or for the failure of the file. */
  const called = async (start: (done: (error?: Error | null) => void) => void): Promise<void> => {
    const done = new Promise<void>((resolve) =>
      start((error) => {
        failure ??= error ?? undefined;
        resolve();
      }),
    );
    await either(done, sink);
    check();
  };

  async function either(wanted: Promise<unknown>, stream: NodeJS.EventEmitter): Promise<void> {
    check();
    let onError: () => void = () => undefined;
    const failed = new Promise<void>((resolve) => {
      onError = resolve;
      stream.once("error", onError);
    });
    await Promise.race([wanted, failed]);
    stream.off("error", onError);
  }

  const flush = async (): Promise<Written> => {
    await called((done) => gzip.flush(constants.Z_SYNC_FLUSH, done));
    await called((done) => sink.write("", done));
    return { items, lineBytes, lineSha256: lineHash.copy().digest("hex") };
  };

  const close = async (): Promise<void> => {
    gzip.destroy();
    if (sink.closed) return;
    sink.destroy();
    if (!sink.closed) await once(sink, "close");
  };

  try {
    if (sink.pending) await either(once(sink, "open"), sink);
    check();
    if (from.lineBytes > 0) {
      const whole = await copyLines(old, from.lineBytes, give);
      if (!whole || lineHash.copy().digest("hex") !== from.lineSha256) {
        await close();
        await rm(old, { force: true });
        await rm(part, { force: true });
        return undefined;
      }
      await flush();
      await rm(old, { force: true });
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    add: async (more) => {
      // Several lines at a time: a write for each would cost more than the compression.
      let text = "";
      for (const item of more) {
        text += lineOf(item);
        items += 1;
        if (text.length > 1 << 18) {
          await give(text);
          text = "";
        }
      }
      if (text !== "") await give(text);
    },
    flush,
    finish: async () => {
      gzip.end();
      await either(once(gzip, "end"), sink);
      check();
      await called((done) => sink.end(done));
      await synced(part);
      try {
        await rename(part, path);
      } catch (error) {
        throw notKept(path, error);
      }
      return { name: `data/${basename(path)}`, items, bytes, sha256: hash.digest("hex") };
    },
    close,
  };
}

/** Copies a number of bytes of lines from an unfinished part. @returns whether it held them */
async function copyLines(
  path: string,
  wanted: number,
  give: (chunk: Buffer) => Promise<void>,
): Promise<boolean> {
  // A part has no end: only what was flushed can be read.
  const lines = createReadStream(path).pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }));
  const out = lines.pipe(new PassThrough());
  lines.on("error", () => out.end());
  let left = wanted;
  for await (const chunk of out as AsyncIterable<Buffer>) {
    const some = chunk.subarray(0, left);
    left -= some.length;
    await give(some);
    if (left === 0) break;
  }
  return left === 0;
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } catch (error) {
    throw notKept(path, error);
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, "r")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw notKept(path, error, "be read");
  }
}

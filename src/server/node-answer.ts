/** Writes a response of the Fetch API to one of `node:http`. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** How long a browser may take no more of a stream, in ms. */
const mostStalledMs = 30_000;

/**
 * Writes a stream as fast as it is taken; one that is not taken any more is cut, and the browser comes back.
 * @param gone aborted when the connection is closed
 */
export async function writeStream(
  response: ServerResponse,
  stream: ReadableStream<Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  gone.addEventListener("abort", cancel);
  response.flushHeaders();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (!response.write(chunk.value)) await drained(response, gone);
    }
    response.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener("abort", cancel);
    cancel();
  }
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  const timer = setTimeout(() => response.destroy(), mostStalledMs);
  try {
    await once(response, "drain", { signal: gone });
  } finally {
    clearTimeout(timer);
  }
}

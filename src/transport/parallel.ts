/** Several requests of one call: in parts, and side by side. */

/** Requests in flight for one call; beyond this the client's CPU is the limit. */
export const batchesInFlight = 8;

/** Splits a list into parts of at most `size`. */
export function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < list.length; start += size)
    chunks.push(list.slice(start, start + size));
  return chunks;
}

/**
 * Runs a task per element, at most `parallel` at a time. Throws what the first one throws, once all
 * that were under way have ended; no further one is then begun.
 */
export async function inParallel<T>(
  list: readonly T[],
  parallel: number,
  task: (element: T) => Promise<void>,
): Promise<void> {
  const rest = list.values();
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (const element of rest) {
      try {
        await task(element);
      } catch (error) {
        failure ??= { error };
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, list.length) }, worker));
  if (failure !== undefined) throw failure.error;
}

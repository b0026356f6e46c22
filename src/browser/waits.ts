/** Waiting, also for the network. */

/** Waits so many ms, or until the browser says that it is online again, or until nobody waits any more. */
export function pause(ms: number, isOffline: boolean, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const target: Partial<EventTarget> = globalThis as Partial<EventTarget>;
    const end = () => {
      clearTimeout(timer);
      target.removeEventListener?.("online", end);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (isOffline) target.addEventListener?.("online", end);
  });
}

/** When the server had the data that came with a page. For browsers alone: on the server nothing calls it. */

const times = new WeakMap<object, number>();

/** Notes when the server handed the data over, by its clock. */
export function noteRendered(data: unknown, epochMs: number): void {
  if (typeof data === "object" && data !== null) times.set(data, epochMs);
}

/** @returns in epoch ms; `undefined` for data that the browser has read itself, or changed */
export function renderedAt(data: unknown): number | undefined {
  return typeof data === "object" && data !== null ? times.get(data) : undefined;
}

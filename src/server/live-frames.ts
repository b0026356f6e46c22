/** The lines of an event stream. Whatever a change holds is inside of JSON, which has no line break. */
import { liveEvents } from "../browser/protocol.js";

const encoder = new TextEncoder();

/** How soon an EventSource comes back, in ms. The package's client has its own mind. */
const retryMs = 500;

/** The place of a frame. Without one, the browser keeps the place that it has. */
type Id = string | undefined;

const idLine = (id: Id) => (id === undefined ? "" : `id: ${id}\n`);

/** The first lines: they show that the connection is open, and from where on changes are told. */
export function openingFrame(id: Id): Uint8Array {
  return encoder.encode(`retry: ${retryMs}\n${idLine(id)}\n`);
}

/** Says that nothing has changed up to a place. */
export function idleFrame(id: string): Uint8Array {
  return encoder.encode(`:\nid: ${id}\n\n`);
}

export function changeFrame(id: Id, change: object): Uint8Array {
  const data = JSON.stringify(change);
  return encoder.encode(`${idLine(id)}event: ${liveEvents.change}\ndata: ${data}\n\n`);
}

/** Says that changes may have been missed. */
export function resetFrame(id: string): Uint8Array {
  return encoder.encode(`id: ${id}\nevent: ${liveEvents.reset}\ndata: {}\n\n`);
}

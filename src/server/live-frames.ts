/** The lines of an event stream. Whatever a change holds is inside of JSON, which has no line break. */
import { liveEvents } from "../browser/protocol.js";

const encoder = new TextEncoder();

/** How soon an EventSource comes back, in ms. The package's client has its own mind. */
const retryMs = 500;

/** The first lines: they show that the connection is open, and from where on changes are told. */
export function openingFrame(id: string): Uint8Array {
  return encoder.encode(`retry: ${retryMs}\nid: ${id}\n\n`);
}

/** Says that nothing has changed up to a place. */
export function idleFrame(id: string): Uint8Array {
  return encoder.encode(`:\nid: ${id}\n\n`);
}

export function changeFrame(id: string, change: object): Uint8Array {
  return encoder.encode(
    `id: ${id}\nevent: ${liveEvents.change}\ndata: ${JSON.stringify(change)}\n\n`,
  );
}

/** Says that changes may have been missed. */
export function resetFrame(id: string): Uint8Array {
  return encoder.encode(`id: ${id}\nevent: ${liveEvents.reset}\ndata: {}\n\n`);
}

/** The events of a handler's event stream. */

/** One event; one without data only moves the place. */
export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Reads a stream to its end. An event that was cut off is none. @param onBytes called whenever some arrive */
export async function* eventsOf(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      onBytes();
      text += decoder.decode(chunk.value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = { id: "", event: "", data: "" };
        // A pattern would end lines at U+2028, too, which JSON may hold.
        for (const line of block.split("\n")) {
          const [name = "", ...value] = line.split(": ");
          if (name in event) event[name as keyof typeof event] = value.join(": ");
        }
        yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

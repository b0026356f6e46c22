/** Responses that a connection gives twice. */
import type { Readable } from "node:stream";
import { unreadableAnswer } from "../errors/unreadable-answer.js";

/** The header with which DynamoDB names each response. */
export const requestIdHeader = "x-amzn-requestid";

/**
 * Refuses a response that its connection gave before. A middle box that sends one twice shifts all
 * that come after by one: each call would get the response of another, an item that is not its own.
 *
 * Servers that give all responses one id (a stub, an engine's emulation) are recognised by the refused
 * id, which another connection gives too: from then on nothing of theirs is refused.
 */
export class RepeatedAnswers {
  /** The id of the last response of each connection. */
  readonly #last = new WeakMap<object, string>();
  #refused: string | undefined;
  #areIdsAlike = false;

  /** @throws UnreadableAnswer; the connection is destroyed */
  refuse(body: Readable, headers: Readonly<Record<string, unknown>>): void {
    const { socket } = body as { readonly socket?: object | null };
    const id = headers[requestIdHeader];
    if (!socket || typeof id !== "string" || this.#areIdsAlike) return;
    if (id === this.#refused) this.#areIdsAlike = true;
    else if (this.#last.get(socket) === id) {
      this.#refused = id;
      body.once("error", ignore).destroy();
      throw unreadableAnswer("its connection already returned it for another request");
    }
    this.#last.set(socket, id);
  }
}

function ignore(): void {
  // What the stream says of its end; another error is thrown.
}

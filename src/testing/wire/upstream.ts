/** Connections to the engine. Each is used again once its response is complete. */
import { connect, type Socket } from "node:net";
import { type Message, MessageReader } from "./messages.js";

interface Line {
  readonly socket: Socket;
  readonly reader: MessageReader;
}

/** The engine behind a proxy. */
export class Upstream {
  readonly #host: string;
  readonly #port: number;
  readonly #idle = new Set<Line>();
  readonly #all = new Set<Socket>();

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** Sends a request. @returns the complete response, or `undefined` if the engine gave none */
  async send({ head, body }: Message): Promise<Message | undefined> {
    const line = this.#line();
    const { socket, reader } = line;
    socket.ref();
    socket.write(Buffer.concat([head, body]));
    const answer = await reader.next(true).catch(() => undefined);
    if (answer === undefined || answer.isLast || reader.isEnded) {
      socket.destroy();
    } else {
      socket.unref();
      this.#idle.add(line);
    }
    return answer;
  }

  close(): void {
    for (const socket of this.#all) socket.destroy();
  }

  #line(): Line {
    for (const line of this.#idle) {
      this.#idle.delete(line);
      if (!line.reader.isEnded) return line;
    }
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const line = { socket, reader: new MessageReader(socket) };
    this.#all.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#all.delete(socket);
      this.#idle.delete(line);
    });
    return line;
  }
}

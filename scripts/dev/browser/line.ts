/** The line between a browser and a server, which a test cuts and slows. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Line {
  /** The server's address at the browser's end. */
  readonly url: string;
  /** For how long each piece of data is on its way, in ms. */
  delayMs: number;
  /** Whether new connections are refused. */
  isDown: boolean;
  /** Ends all connections, in the middle of what they carry. */
  cut(): void;
  close(): Promise<void>;
}

/** @param server its address */
export async function openLine(server: string): Promise<Line> {
  const { port } = new URL(server);
  const sockets = new Set<Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const listener = createServer((page) => {
    if (line.isDown) return void page.destroy();
    const upstream = connect(Number(port), "127.0.0.1");
    carry(page, upstream);
    carry(upstream, page);
  });
  /** Data arrives in its order, each piece when its time has come. */
  function carry(from: Socket, to: Socket): void {
    sockets.add(from);
    const end = () => {
      sockets.delete(from);
      from.destroy();
      to.destroy();
    };
    from.on("error", end).on("close", end);
    from.on("data", (chunk: Buffer) => {
      if (line.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), line.delayMs);
    });
  }
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const line: Line = {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    delayMs: 0,
    isDown: false,
    cut,
    close: async () => {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
  return line;
}

/** A proxy that cuts connections in the middle of what they carry, and hands them to several servers in turn. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  readonly url: string;
  /** How many connections were cut. */
  readonly cuts: number;
  /** From now on it cuts none. */
  spare(): void;
  close(): Promise<void>;
}

/**
 * @param ports of the servers, each connection goes to the next one
 * @param bytesOf after how many bytes of the answer a connection is cut
 */
export async function cuttingProxy(
  ports: readonly number[],
  bytesOf: () => number,
): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let cuts = 0;
  let isSparing = false;
  const server = createServer((page) => {
    const upstream = connect(ports[connections % ports.length] ?? 0, "127.0.0.1");
    connections += 1;
    let left = isSparing ? Number.POSITIVE_INFINITY : bytesOf();
    const end = () => {
      page.destroy();
      upstream.destroy();
    };
    for (const socket of [page, upstream]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    page.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk: Buffer) => {
      const part = chunk.subarray(0, left);
      left -= part.byteLength;
      if (left > 0 || isSparing) return void page.write(chunk);
      cuts += 1;
      page.write(part, end);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/data`,
    get cuts() {
      return cuts;
    },
    spare: () => {
      isSparing = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

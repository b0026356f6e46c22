/** Resets a connection whose end is under way, and has nothing left to do. */
import { connect, createServer } from "node:net";
import { reset } from "../../src/testing/wire/kinds.js";

const server = createServer((socket) => {
  socket.on("error", (error) => console.log(error));
  socket.on("data", () => {
    socket.end();
    reset(socket);
    server.close(() => console.log("closed"));
  });
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  const client = connect(port, "127.0.0.1");
  client.on("error", () => undefined);
  client.write("x");
});

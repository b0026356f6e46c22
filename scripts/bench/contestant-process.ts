/** One library: runs the requested number of operations of a cell, and reports what they took. */
import * as canned from "./canned.js";
import { type Contestant, documentClient, electro, thisPackage } from "./contestants.js";
import type { Task } from "./measure.js";

const own: Readonly<Record<string, () => Contestant>> = { documentClient, thisPackage, electro };

async function openPeer(id: string): Promise<Contestant> {
  // It is not in the package's install, so neither the compiler nor the linters follow it.
  const module: string = new URL("peers.mjs", import.meta.url).href;
  const { openPeer: open } = (await import(module)) as {
    openPeer(id: string, with_: typeof canned): Promise<Contestant>;
  };
  return open(id, canned);
}

const [id = ""] = process.argv.slice(2);
const { name, handler, cells } = await (own[id]?.() ?? openPeer(id));

process.on("message", async ({ cell, times, longestMs }: Task) => {
  const run = cells[cell];
  if (run === undefined) throw new Error(`bench: ${name} has no ${cell}`);
  handler.answer(cell);
  const end = performance.now() + longestMs;
  const start = process.cpuUsage();
  let done = 0;
  while (done < times && performance.now() < end) {
    await run();
    done += 1;
  }
  const { user, system } = process.cpuUsage(start);
  process.send?.((user + system) / done);
});
process.send?.({ name, cells: Object.keys(cells) });

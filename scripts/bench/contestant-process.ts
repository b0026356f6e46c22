/** One library: runs the requested number of operations of a cell, and reports what they took. */
import { rawItem, tableName } from "./canned.js";
import { type Contestant, documentClient, electro, thisPackage } from "./contestants.js";
import { floor } from "./floor.js";
import { listenerNames, listening } from "./listening.js";
import type { Task } from "./runner.js";
import type { Round } from "./statistics.js";
import { openWire, type Wire } from "./wires.js";

const listeners = listenerNames.map(
  (name) => [name, (wire: Wire) => listening(name, wire)] as const,
);

const own: Readonly<Record<string, (wire: Wire) => Contestant>> = {
  ...Object.fromEntries(listeners),
  documentClient,
  thisPackage: (given) => thisPackage(given),
  electro,
  floor,
};

async function openPeer(id: string, { config }: Wire): Promise<Contestant> {
  // It is not in the package's install, so neither the compiler nor the linters follow it.
  const module: string = new URL("peers.mjs", import.meta.url).href;
  const { openPeer: open } = (await import(module)) as {
    openPeer(id: string, with_: object): Promise<Contestant>;
  };
  return open(id, { config, rawItem, tableName });
}

const [id = "", endpoint] = process.argv.slice(2);
const wire = openWire(endpoint);
const { name, cells, crowded, sentBySdk } = await (own[id]?.(wire) ?? openPeer(id, wire));

async function roundOf({ cell, inFlight, times, longestMs }: Task): Promise<Round> {
  const run = (inFlight > 1 ? crowded?.[cell] : undefined) ?? cells[cell];
  if (run === undefined) throw new Error(`bench: ${name} has no ${cell}`);
  wire.answer(cell);
  const sdkBefore = sentBySdk?.() ?? 0;
  const answeredBefore = wire.answered();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + longestMs;
  let begun = 0;
  const worker = async () => {
    while (begun < times && performance.now() < end) {
      begun += 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const bySdk = (sentBySdk?.() ?? 0) - sdkBefore;
  if (wire.endpoint === undefined && wire.answered() - answeredBefore < begun) {
    throw new Error(`bench: ${name} sent fewer requests than operations (${cell})`);
  }
  return { micros: (user + system) / begun, perSecond: begun / seconds, bySdk };
}

process.on("message", async (task: Task) => process.send?.(await roundOf(task)));
process.send?.({ name, cells: Object.keys(cells) });

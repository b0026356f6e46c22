/** How whole commands end where one answer stalls, drips, is empty, garbage or somebody else's: right. */
import { hitsOf } from "../wire-faults.js";
import {
  behindProxy,
  commands,
  faults,
  longRun,
  names,
  operations,
  type Prepared,
  patienceMs,
  ruleOf,
  slow,
} from "./wire-commands.js";

/** A fault at one request. @returns whether there was such a request */
async function once(command: string, name: string, at: number): Promise<boolean> {
  const prepared = await (commands[command] as () => Promise<Prepared>)();
  const { proxy, run } = await behindProxy(prepared);
  const idleMs = slow.includes(name) ? 1_500 : patienceMs;
  proxy.inject(ruleOf(name, idleMs, { after: at - 1 }));
  const ran = await run(idleMs);
  const told = { command, name, at, code: ran.code, complaints: ran.complaints };
  expect(told).toEqual({ ...told, code: prepared.code ?? 0 });
  await prepared.right(ran);
  // Only a machine that is busy is slower than a limit.
  const among: readonly string[] = operations;
  const seen = proxy.requests.filter(({ operation }) => among.includes(operation)).length;
  const hits = hitsOf(proxy);
  expect(hits).toBe(seen < at ? 0 : 1);
  return hits > 0;
}

const mostAtOnce = 24;

test("a fault at any one request leaves the end of each command as it is", async () => {
  const points = Array.from({ length: longRun ? 20 : 6 }, (_, at) => at + 1);
  const all = points.flatMap((at) => Object.keys(faults).map((name) => ({ name, at })));
  const ofCommand = async (command: string): Promise<number> => {
    const turn = names.indexOf(command);
    // Each fault once, each at another request.
    const some = longRun ? all : all.filter((_, at) => (at + Math.floor(at / 6) + turn) % 6 === 0);
    let hits = 0;
    // More at once would be slower than their limits by themselves.
    for (let from = 0; from < some.length; from += mostAtOnce) {
      const now = some.slice(from, from + mostAtOnce);
      const hit = await Promise.all(now.map(({ name, at }) => once(command, name, at)));
      hits += hit.filter(Boolean).length;
    }
    return hits;
  };
  // What takes time here is waiting: all wait at once, but where there are thousands of them.
  const hits: number[] = [];
  if (longRun) for (const command of names) hits.push(await ofCommand(command));
  else hits.push(...(await Promise.all(names.map(ofCommand))));
  // A short command has not so many requests.
  expect(Math.min(...hits)).toBeGreaterThanOrEqual(longRun ? 24 : 4);
});

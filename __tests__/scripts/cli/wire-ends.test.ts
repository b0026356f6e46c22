/**
 * How whole commands end where answers stall, drip, are empty, garbage or somebody else's for good: with an
 * error. Never with 0 and a part, and never not at all.
 */
import { hitsOf } from "../wire-faults.js";
import {
  behindProxy,
  commands,
  faults,
  longRun,
  names,
  type Prepared,
  patienceMs,
  ruleOf,
  slow,
} from "./wire-commands.js";

const quick = Object.keys(faults).filter((name) => !slow.includes(name));

/** What people are told of an answer that is none; a time-out says that there was no answer. */
const clear = /^(?:UnreadableAnswer: .*read|ECONNRESET: no answer|TimeoutError: no answer)/;

async function broken(command: string, name: string, from: number): Promise<void> {
  const prepared = await (commands[command] as () => Promise<Prepared>)();
  const { proxy, run } = await behindProxy(prepared);
  const idleMs = slow.includes(name) ? 200 : patienceMs;
  proxy.inject(ruleOf(name, idleMs, { after: from - 1, times: Number.POSITIVE_INFINITY }));
  const ran = await run(idleMs);
  const told = { command, name, from, code: ran.code, complaints: ran.complaints };
  expect(told).toEqual({ ...told, code: 1 });
  expect(hitsOf(proxy)).toBeGreaterThan(1);
  const complaint = ran.complaints.trim().split("\n").at(-1) ?? "";
  const { error } = JSON.parse(complaint) as { error: { code: string; message: string } };
  const said = `${error.code}: ${error.message}`;
  expect({ command, name, said }).toEqual({ command, name, said: expect.stringMatching(clear) });
  prepared.notDone?.();
  // The wire is well again: the same command goes on, and ends as it should.
  proxy.clear();
  const again = await run(patienceMs);
  const ended = { command, name, code: again.code, complaints: again.complaints };
  expect(ended).toEqual({ ...ended, code: prepared.code ?? 0 });
}

describe("a wire that stays broken ends each command with 1 and an error", () => {
  test.each(names)("%s", async (command) => {
    // From the first request, which looks for the table, and from the middle of its work.
    const cases = [1, 4].flatMap((from) => quick.map((name) => ({ name, from })));
    const turn = names.indexOf(command);
    const some = longRun ? cases : cases.filter((_, at) => at % 4 === turn % 4);
    for (const { name, from } of some) await broken(command, name, from);
  });

  test("by answers that stall or drip, too", async () => {
    // What takes time here is waiting: all wait at once.
    const all = names.flatMap((command) => slow.map((name) => ({ command, name })));
    const some = longRun ? all : all.filter((_, at) => at % 4 === 0 || at % 4 === 3);
    // Whatever a busy machine lets time out before that, of four attempts two are left for the fault.
    await Promise.all(some.map(({ command, name }) => broken(command, name, 3)));
  });
});

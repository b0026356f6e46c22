/**
 * What listening costs: CPU time of a call if nobody listens, and with each kind of listener. The base is
 * this package compiled without its diagnostics channels, so that "nobody listens" is compared with code
 * in which there is nothing to listen to.
 */
import { rmSync } from "node:fs";
import { heard, listenerNames } from "./listening.js";
import { effortOf, interleaved } from "./rounds.js";
import { compileContestants, Runner } from "./runner.js";
import { compared, type Measured } from "./statistics.js";

const cells = ["get", "put"] as const;

/** What each contestant needed in a cell, by its name. */
interface Listened {
  readonly cell: (typeof cells)[number];
  readonly contestants: ReadonlyMap<string, Measured>;
}

/** The differences are small: the rounds are long enough that each has its share of collected garbage. */
function patience(quick: boolean) {
  return quick ? {} : { rounds: 41, longer: 10, longestRoundMs: 600 };
}

/** Measures without HTTP, where a listener's share of a call is largest. */
export async function measureListeners(quick: boolean): Promise<Listened[]> {
  const effort = { ...effortOf(quick), ...patience(quick) };
  const bare = await compileContestants({ channels: false });
  const whole = await compileContestants();
  const runners: Runner[] = [];
  try {
    for (const id of listenerNames) {
      const script = id === "noChannels" ? bare : whole;
      runners.push(await Runner.start(script, id, undefined));
    }
    for (const runner of runners) await runner.run(effort.heat);
    const found: Listened[] = [];
    for (const cell of cells) {
      console.error(`listeners: ${cell} …`);
      const rounds = await interleaved(cell, 1, runners, effort);
      found.push({ cell, contestants: compared(rounds, heard.noChannels) });
    }
    return found;
  } finally {
    for (const script of [bare, whole]) rmSync(script);
    for (const runner of runners) runner.stop();
  }
}

/** The table of the page: ratios, with the quartiles below them. */
export function listenerTable(found: readonly Listened[]): string {
  const names = [...(found[0]?.contestants.keys() ?? [])];
  const row = (head: string, texts: readonly string[]) => `| ${[head, ...texts].join(" | ")} |`;
  return [
    row(
      "",
      found.map(({ cell }) => cell),
    ),
    `|---|${found.map(() => "--:").join("|")}|`,
    ...names.map((name) =>
      row(
        name,
        found.map(({ contestants }) => ratio(contestants.get(name))),
      ),
    ),
  ].join("\n");
}

function ratio(measured: Measured | undefined): string {
  if (measured === undefined) return "–";
  const [middle, low, high] = [measured.ratio, measured.low, measured.high].map((one) =>
    one.toFixed(2),
  );
  return `${middle}<br>${low}–${high}`;
}

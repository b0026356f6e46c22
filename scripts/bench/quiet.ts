/** Whether the machine does nothing else: what others use of its cores, and how even its own pace is. */
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "./statistics.js";

/** What was seen of the machine while the benchmark itself was idle, and then while it worked. */
export interface Seen {
  /** Cores that others kept busy. */
  readonly busyCores: number;
  /** The CPU times of the same piece of work, done again and again, in ms. */
  readonly samples: readonly number[];
}

export interface Verdict {
  readonly isQuiet: boolean;
  /** For the table: whether it was quiet, with the figures. */
  readonly told: string;
}

/** Above these, figures of two runs differ by more than the libraries of neighbouring versions do. */
const mostBusyCores = 0.15;
const mostUneven = 0.25;

/** @param seen before and after a measurement, or only before */
export function judge(seen: readonly Seen[]): Verdict {
  const busy = Math.max(...seen.map(({ busyCores }) => busyCores));
  const uneven = Math.max(...seen.map(({ samples }) => unevenness(samples)));
  const isQuiet = busy <= mostBusyCores && uneven <= mostUneven;
  const figures = `others used ${busy.toFixed(2)} cores, the same work took up to ${Math.round(uneven * 100)} % longer`;
  return { isQuiet, told: `${isQuiet ? "quiet" : "**not a quiet machine**"} (${figures})` };
}

/** How much longer the slow tenth of the samples took than the fast tenth, as a share. */
export function unevenness(samples: readonly number[]): number {
  return quantile(samples, 0.9) / quantile(samples, 0.1) - 1;
}

/** Observes the machine for a second and a half. */
export async function observe(): Promise<Seen> {
  const before = busyMs();
  const start = performance.now();
  await sleep(1_000);
  const busyCores = (busyMs() - before) / (performance.now() - start);
  for (let n = 0; n < 20; n += 1) pieceOfWork();
  return { busyCores, samples: Array.from({ length: 60 }, pieceOfWork) };
}

/**
 * Waits until the machine is quiet, but not forever.
 * @param longestMs after this time it is measured all the same
 * @returns what was seen last
 */
export async function awaitQuiet(longestMs: number): Promise<Seen> {
  const end = performance.now() + longestMs;
  for (;;) {
    const seen = await observe();
    const { isQuiet, told } = judge([seen]);
    if (isQuiet) return seen;
    if (performance.now() >= end) {
      console.error(`The figures will be rough: ${told}.`);
      return seen;
    }
    console.error(`waiting for a quiet machine: ${told} …`);
    await sleep(5_000);
  }
}

/** What all cores did besides idling, since the machine started. */
function busyMs(): number {
  let sum = 0;
  for (const { times } of cpus()) sum += times.user + times.nice + times.sys + times.irq;
  return sum;
}

const text = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ S: `value ${index}` })));

/** About five milliseconds of what clients do. @returns its CPU time in ms */
function pieceOfWork(): number {
  const start = process.cpuUsage();
  for (let n = 0; n < 10; n += 1) JSON.parse(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

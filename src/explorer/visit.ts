/** One request of the page: its calls are measured, and end with it. */
import { type Call, codeOf, givenOf, runCall, type ScanCall, scanCode } from "./call.js";
import { callTimeoutMs, type Explorer, type Scanned, type Visit } from "./explorer.js";
import type { ShownCall } from "./protocol.js";

type Scan = (options: object) => AsyncIterable<{
  readonly items: readonly unknown[];
  readonly cursor: string | null;
  readonly progress: { readonly scanned: number };
}>;

/** @param calls gets each call that was made, with what it took */
export function visitOf(
  explorer: Explorer,
  input: Visit["input"],
  signal: AbortSignal,
  calls: ShownCall[],
): Visit {
  const shown = <T>(code: string | (() => string), run: () => Promise<T>): Promise<T> =>
    explorer.meter.measure(run, (cost) => {
      calls.push({ code: typeof code === "string" ? code : code(), ...cost });
    });
  const { meter, data } = explorer;
  const within = <T>(code: string, run: (limits: object) => Promise<T>) =>
    shown(code, () =>
      meter.within(signal, async (either) => run({ signal: either, timeoutMs: callTimeoutMs })),
    );
  const call = (given: Call): Promise<unknown> => {
    const before = given.args.slice(0, -1);
    const options = givenOf(given.args.at(-1)) as object;
    return within(codeOf(given), (limits) =>
      runCall(data, { ...given, args: [...before, { ...options, ...limits }] }),
    );
  };
  const scan = (given: ScanCall): Promise<Scanned> =>
    within(scanCode(given), (limits) => scanned(data, given, limits));
  return { explorer, input, signal, call, scan, shown };
}

async function scanned(data: object, { store, options, mostScanned }: ScanCall, limits: object) {
  const owner = (data as Readonly<Record<string, { scan: Scan }>>)[store];
  const found: unknown[] = [];
  let [cursor, read]: [string | null, number] = [null, 0];
  const pages = owner?.scan({ ...(givenOf(options) as object), ...limits }) ?? [];
  for await (const page of pages as ReturnType<Scan>) {
    found.push(...page.items);
    cursor = page.cursor;
    read = page.progress.scanned;
    if (read >= mostScanned) break;
  }
  return { items: found, cursor, scanned: read };
}

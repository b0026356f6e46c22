/** One request of the page: its calls are measured, and end with it. */
import { ThroughputExceededError } from "../errors/throughput-exceeded-error.js";
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
  const scan = async (given: ScanCall): Promise<Scanned> => {
    const found: Found = { items: [], cursor: null, scanned: 0 };
    try {
      await within(scanCode(given), (limits) => scanInto(found, data, given, limits));
    } catch (error) {
      // Units are spent for what was read: it is sent, and the next call goes on after it.
      if (!(error instanceof ThroughputExceededError) || found.cursor === null) throw error;
    }
    return found;
  };
  return { explorer, input, signal, call, scan, shown };
}

interface Found {
  readonly items: unknown[];
  cursor: string | null;
  scanned: number;
}

/** Adds each page as it comes, so that a failure later on loses none. */
async function scanInto(
  found: Found,
  data: object,
  { store, options, mostScanned }: ScanCall,
  limits: object,
): Promise<void> {
  const owner = (data as Readonly<Record<string, { scan: Scan }>>)[store];
  const pages = owner?.scan({ ...(givenOf(options) as object), ...limits }) ?? [];
  for await (const page of pages as ReturnType<Scan>) {
    found.items.push(...page.items);
    found.cursor = page.cursor;
    found.scanned = page.progress.scanned;
    if (found.scanned >= mostScanned) break;
  }
}

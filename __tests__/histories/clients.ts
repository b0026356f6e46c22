/** Several data layers on one table, each behind faults of its own, and what their calls came to. */
import fc from "fast-check";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors.js";
import { type Fault, type FaultyRequestHandler, faults } from "../../src/testing/index.js";
import type { TestEngine } from "../engines.js";
import { type Opened, openTable } from "../open.js";

/** Clocks that differ, as those of several machines do, in ms. */
const clocksOff = [0, 3, -2_000];

export interface Client {
  readonly data: DataLayer;
  readonly wire: FaultyRequestHandler;
}

/** What befalls the requests of one history. */
export interface Weather {
  readonly seed: number;
  readonly rate: number;
  /** Which ones. @default all */
  readonly faults?: readonly Fault[] | undefined;
}

export const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer(),
  rate: fc.constantFrom(0, 0.1, 0.2, 0.3, 0.5),
});

/** A table, and as many data layers on it as there are clocks. */
export interface Clients {
  readonly table: Opened;
  readonly all: readonly Client[];
  /** Reads that were sent a second time because their answer was late. */
  readonly hedged: number;
  /** A user whom no history before had; the faults are the weather's. */
  begin(weather: Weather): string;
  /** No more faults: what is now read is what is there. */
  calm(): void;
}

/** @param more options of each data layer */
export function openClients(
  engine: TestEngine,
  more: Pick<DataLayerOptions, "hedgedReads"> = {},
): Clients {
  const table = openTable(engine);
  const all: Client[] = [];
  let hedges = 0;
  let users = 0;
  beforeAll(() => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    for (const off of clocksOff) {
      const wire = faults();
      const data = createDataLayer({
        ...{ environment: "development", endpoint, region, credentials, tableName },
        requestHandler: wire,
        retry: { maxRetries: 3, initialDelayMs: 1, maxDelayMs: 3 },
        clock: { now: () => Date.now() + off },
        events: ({ hedged }) => {
          if (hedged) hedges += 1;
        },
        ...more,
      });
      all.push({ data, wire });
    }
  });
  afterAll(() => Promise.all(all.map(({ data }) => data.close())));
  return {
    table,
    all,
    get hedged() {
      return hedges;
    },
    begin: ({ seed, rate, faults: kinds }) => {
      for (const [index, { wire }] of all.entries()) {
        wire.clear().random({ seed: seed + index, rate, faults: kinds, delayMs: 3 });
      }
      users += 1;
      return `u${users}`;
    },
    calm: () => {
      for (const { wire } of all) wire.clear();
    },
  };
}

const lostAnswers: ReadonlySet<Fault | undefined> = new Set([
  "answerLost",
  "serverErrorAfter",
  "bodyCut",
  "bodyCutSilently",
  "bodyCorrupt",
]);

/** Whether the engine carried the request out and the answer was lost. */
export function isLost(fault: Fault | undefined): boolean {
  return lostAnswers.has(fault);
}

/** What a call came to: done, certainly not done, or nobody knows. */
export type Outcome<T> =
  | { readonly is: "done"; readonly result: T }
  | { readonly is: "refused"; readonly error: DynamoDBError }
  | { readonly is: "open"; readonly error: DynamoDBError };

export async function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { is: "done", result: await call };
  } catch (error) {
    if (!(error instanceof DynamoDBError)) throw error;
    return { is: error.mayHaveBeenDone ? "open" : "refused", error };
  }
}

/**
 * How many histories are tried. COAGENT_HISTORIES multiplies it for long runs by hand; a run that
 * failed is repeated with the seed and the path that fast-check prints.
 */
export function histories(count: number): fc.Parameters<unknown> {
  const factor = Number(process.env.COAGENT_HISTORIES ?? 1);
  return { numRuns: Math.ceil(count * factor), interruptAfterTimeLimit: undefined };
}

/** How long a block of histories may take, in ms: long runs are long. */
export const historyTimeoutMs = 180_000 * Math.max(1, Number(process.env.COAGENT_HISTORIES ?? 1));

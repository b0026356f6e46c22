/** Several data layers on one table, each behind faults of its own, and what their calls came to. */
import fc from "fast-check";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import type { EncryptionKeys } from "../../src/index.js";
import {
  type Fault,
  type FaultProxy,
  FaultyRequestHandler,
  faults,
  startFaultProxy,
  type WireFault,
} from "../../src/testing/index.js";
import { engines, type TestEngine } from "../engines.js";
import { type Opened, openTable } from "../open.js";

/** Clocks that differ, as those of several machines do, in ms. */
const clocksOff = [0, 3, -2_000];

export interface Client {
  readonly data: DataLayer;
  readonly wire: FaultyRequestHandler | FaultProxy;
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

/** No faults: what a test asks of its histories as a whole does not depend on the others' luck. */
export const calmWeather: Weather = { seed: 1, rate: 0 };

/** What breaks at once: a stall would have each history wait for its limit. */
const quickFaults: readonly WireFault[] = [
  ...(["closed", "reset", "randomBytes", "tlsAlert", "badStatusLine", "overlongHeader"] as const),
  ...(["html403", "redirect302", "notFound404", "requestTimeout408", "foreignJson"] as const),
  ...(["emptyObject", "emptyBody", "nullBody", "arrayBody", "drip", "slow", "cutInHead"] as const),
  ...(["dripInBody"] as const),
  ...(["cutInBody", "resetInBody", "corruptBody", "duplicateAnswer", "lateAnswer"] as const),
];

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

interface ClientOptions extends Pick<DataLayerOptions, "hedgedReads"> {
  /** @default none */
  readonly encryption?: EncryptionKeys | undefined;
  readonly overTcp?: boolean;
  /** Entities besides the twelve. */
  readonly entities?: object | undefined;
  /** Whether the table has a stream. */
  readonly stream?: boolean;
}

/** Each client has its own faults: in the SDK's handler, or with `overTcp` in a proxy of bytes. */
export function openClients(
  engine: TestEngine,
  { overTcp = false, entities, stream = false, ...more }: ClientOptions = {},
): Clients {
  const { encryption } = more;
  const table = openTable({ ...engine, encryption }, { entities, stream } as object);
  const all: Client[] = [];
  let hedges = 0;
  let users = 0;
  const proxies: FaultProxy[] = [];
  beforeAll(async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    for (const off of clocksOff) {
      const proxy = overTcp ? await startFaultProxy({ target: endpoint }) : undefined;
      if (proxy !== undefined) proxies.push(proxy);
      const handler = faults();
      const wire = proxy ?? handler;
      const data = createDataLayer({
        ...{ environment: "development", region, credentials, tableName },
        ...(proxy === undefined ? { endpoint, requestHandler: handler } : { endpoint: proxy.url }),
        retry: { maxRetries: 3, initialDelayMs: 1, maxDelayMs: 3 },
        clock: { now: () => Date.now() + off },
        events: ({ hedged }) => {
          if (hedged) hedges += 1;
        },
        ...more,
        ...({ entities } as object),
      });
      all.push({ data, wire });
    }
  });
  afterAll(async () => {
    await Promise.all(all.map(({ data }) => data.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
  return {
    table,
    all,
    get hedged() {
      return hedges;
    },
    begin: ({ seed, rate, faults: kinds }) => {
      for (const [index, { wire }] of all.entries()) {
        const sky = { seed: seed + index, rate, delayMs: 3 };
        if (wire instanceof FaultyRequestHandler) wire.clear().random({ ...sky, faults: kinds });
        else wire.clear().random({ ...sky, faults: quickFaults });
      }
      users += 1;
      return `u${users}`;
    },
    calm: () => {
      for (const { wire } of all) wire.clear();
    },
  };
}

/**
 * Each engine with the faults in the SDK's handler, and once more with faults on the wire: of those a
 * part, because each history takes longer.
 */
export const skies = engines.flatMap((engine) => [
  { ...engine, overTcp: false, share: 1 },
  { ...engine, name: `${engine.name}, over TCP`, overTcp: true, share: 1 / 4 },
]);

const lostAnswers: ReadonlySet<string | undefined> = new Set([
  "answerLost",
  "serverErrorAfter",
  "bodyCut",
  "bodyCutSilently",
  "bodyCorrupt",
]);

/** Whether the engine carried the request out and the answer was lost. */
export function isLost(request: {
  readonly fault: Fault | WireFault | "own" | undefined;
  readonly carriedOut?: number;
}): boolean {
  const { fault, carriedOut } = request;
  if (carriedOut === undefined) return lostAnswers.has(fault);
  return fault !== undefined && carriedOut > 0;
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

/** What all histories of a test came to: a test that met no success, or no refusal, showed nothing. */
export const tally = () => ({ done: 0, refused: 0, open: 0 });
export const add = (seen: ReturnType<typeof tally>, outcomes: Iterable<Outcome<unknown>>) => {
  for (const { is } of outcomes) seen[is] += 1;
};

export const countOf = (outcomes: readonly Outcome<unknown>[], is: string) =>
  outcomes.filter((outcome) => outcome.is === is).length;

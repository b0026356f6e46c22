/** A data layer on a real engine with a table of its own. */
import { randomUUID } from "node:crypto";
import type { OwnEntities } from "../../services/own-entities.js";
import type { DefinitionsOf, NoEntities, Uninferred } from "../../services/registry.js";
import { type OptionNames, settingsOf } from "../call/options.js";
import {
  createDataLayer,
  type DataLayer,
  type DataLayerOf,
  type DataLayerOptions,
  dataLayerOptionNames,
} from "../data-layer.js";
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import type { Sourced } from "../store/layer-source.js";
import { neededSource } from "../streams/change-of.js";
import type { Change, Unreadable } from "../streams/changes.js";
import { TableChanges } from "./changes/table-changes.js";
import { type Engine, type StartEngineOptions, startEngine } from "./engine.js";
import { announced } from "./engines/shared.js";
import { type FaultyRequestHandler, faults } from "./faults.js";

/** The options of a data layer that the engine decides. */
const decidedByEngine = [
  "environment",
  "endpoint",
  "region",
  "credentials",
  "client",
] as const satisfies readonly (keyof DataLayerOptions)[];

export interface TestDataLayerOptions
  extends Omit<DataLayerOptions, (typeof decidedByEngine)[number] | "requestHandler"> {
  /**
   * The engine: a running one, or the kind to start. One engine of each kind is started, and shared
   * by all open test data layers. @default the one that `shareEngine` started, else dynoxide if it is
   * installed, else dynalite
   */
  readonly engine?: Engine | StartEngineOptions["engine"] | undefined;
  /**
   * Faults to inject, such as `faults({ fault: "throttle" })`. They do not affect creating and
   * deleting the table.
   * @default none
   */
  readonly requestHandler?: FaultyRequestHandler | undefined;
  /**
   * Whether the table has a stream of its changes, for `bayon-coagent-data/streams`. dynalite has
   * none. @default false
   */
  readonly stream?: boolean | undefined;
}

const testDataLayerOptionNames: OptionNames = [
  ...dataLayerOptionNames.filter((name) => !decidedByEngine.includes(name as never)),
  "engine" satisfies keyof TestDataLayerOptions,
  "stream" satisfies keyof TestDataLayerOptions,
];

/** A data layer on a real engine. */
export interface TestDataLayer extends DataLayer, TestMembers<DataLayer> {}

/** The same with an application's own entities, as in `DataLayerOf`. */
export type TestDataLayerOf<R extends DefinitionsOf<R>, B extends boolean = true> = B extends false
  ? DataLayerOf<R, B> & TestMembers<DataLayerOf<R, B>>
  : [keyof R] extends [never]
    ? TestDataLayer
    : DataLayerOf<R, B> & TestMembers<DataLayerOf<R, B>>;

/** What a test data layer has besides; `L` is the type of the data layer. */
export interface TestMembers<L extends Sourced<unknown> = DataLayer> {
  readonly engine: Engine;
  /** The request handler: it records requests and takes faults. */
  readonly wire: FaultyRequestHandler;
  /**
   * The changes since the last call, in their order; the first call returns all since the table was
   * created. Rows that no entity owns are left out. `wire` takes no part in it.
   * @throws ConfigurationError if the table has no stream (`stream: true`), or the engine has none
   * @example
   * await data.project.delete(key);
   * expect(await data.changes()).toMatchObject([{ kind: "deleted", key }]);
   */
  changes(): Promise<StreamChange<L>[]>;
  /**
   * Removes what has expired, as DynamoDB does within days of its time, and dynoxide and dynalite never do. In
   * `changes()` these removals are of the kind `expired`; whoever else reads the stream sees deletions.
   * Like DynamoDB, it leaves items that expired more than five years ago.
   * @param now epoch milliseconds. @default the data layer's clock
   * @returns how many items were removed
   */
  expire(now?: number): Promise<number>;
}

/** A change that `changes()` returns, be it readable or not. */
export type StreamChange<L> = Change<L> | Unreadable<L>;

/** An engine that test data layers share. */
interface SharedEngine {
  readonly started: Promise<Engine>;
  /** The number of data layers that are open on it. */
  users: number;
  /** The timer that ends it unless it is needed again. */
  idle?: NodeJS.Timeout;
}

const shared = new Map<string, SharedEngine>();

/** How long an unused engine waits for the next test data layer, in ms. */
const idleMs = 1_000;

/**
 * A data layer over a real engine, with a table of its own that is deleted at `close()`. The engine
 * is shared while test data layers are open, and ends a second after the last one is closed. Takes
 * tens of milliseconds if an engine must be started, and a few if one is running.
 */
export async function createTestDataLayer<
  const R extends DefinitionsOf<R> = NoEntities,
  const B extends boolean = true,
>(
  options: TestDataLayerOptions & OwnEntities<R, B> = {},
): Promise<TestDataLayerOf<Uninferred<R>, B>> {
  const given = settingsOf("createTestDataLayer", options, testDataLayerOptionNames);
  const { engine: which, requestHandler: wire = faults(), tableName, stream, ...rest } = given;
  const { engine, release } =
    typeof which === "object"
      ? { engine: running(which), release: undefined }
      : await takeEngine(which);
  const { endpoint, region, credentials } = engine;
  const place = {
    environment: "development",
    endpoint,
    region,
    credentials,
    tableName: tableName ?? `test-${randomUUID()}`,
  } as const;
  const opened: DataLayer[] = [];
  const leave = async () => {
    for (const layer of opened) await layer.close();
    release?.();
  };
  const open = (layerOptions: object): DataLayer => {
    const layer = createDataLayer(layerOptions);
    opened.unshift(layer);
    return layer;
  };
  // Creates and deletes the table: faults are for the calls under test.
  const { entities, builtIn } = rest;
  let admin: DataLayer;
  let data: DataLayer;
  try {
    admin = open({ ...place, entities, builtIn });
    data = open({ ...rest, ...place, requestHandler: wire });
    await admin.table.create({ stream });
  } catch (error) {
    await leave();
    throw error;
  }
  const end = async () => {
    try {
      // What still runs ends because the data layer is closed, not because its table is gone.
      await data.close();
      await admin.table.delete();
    } finally {
      await leave();
    }
  };
  const close = once(end);
  const { clock } = neededSource("createTestDataLayer", data);
  const table = new TableChanges({
    engine,
    data,
    admin: neededSource("createTestDataLayer", admin),
    stream: async () => (await admin.table.describe())?.stream?.arn,
  });
  const own = {
    engine,
    wire,
    close,
    [Symbol.asyncDispose]: close,
    changes: () => table.changes(),
    expire: (now: number = clock.now()) => table.expire(now),
  };
  return withOwn(data, own) as TestDataLayerOf<Uninferred<R>, B>;
}

/** The same promise for every call. */
function once(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined;
  return () => {
    ended ??= end();
    return ended;
  };
}

/** A data layer with members of its own. Copied as descriptors: the stores are created on first use. */
function withOwn(data: object, own: object): object {
  const descriptors = {
    ...Object.getOwnPropertyDescriptors(data),
    ...Object.getOwnPropertyDescriptors(own),
  };
  return Object.defineProperties({}, descriptors);
}

/** Without an endpoint, the table would be created wherever the SDK decides: at AWS. */
function running(engine: Engine | null): Engine {
  const endpoint = readSettings("createTestDataLayer: `engine`", () => engine?.endpoint);
  if (engine !== null && typeof endpoint === "string") return engine;
  throw new ConfigurationError("createTestDataLayer: `engine` must be one that is running");
}

async function takeEngine(
  which: StartEngineOptions["engine"],
): Promise<{ engine: Engine; release: () => void }> {
  const there = announced();
  if (there !== undefined && (which === undefined || which === there.name)) {
    return { engine: there, release: () => undefined };
  }
  const kind = which ?? "default";
  let entry = shared.get(kind);
  if (entry === undefined) {
    entry = { started: startEngine(which === undefined ? {} : { engine: which }), users: 0 };
    shared.set(kind, entry);
  }
  const taken = entry;
  taken.users += 1;
  clearTimeout(taken.idle);
  const end = async () => {
    if (shared.get(kind) === taken) shared.delete(kind);
    await (await taken.started).close();
  };
  const release = () => {
    taken.users -= 1;
    if (taken.users > 0) return;
    taken.idle = setTimeout(end, idleMs);
    // It ends with this process anyway.
    taken.idle.unref();
  };
  try {
    return { engine: await taken.started, release };
  } catch (error) {
    // A start that failed may succeed the next time.
    shared.delete(kind);
    throw error;
  }
}

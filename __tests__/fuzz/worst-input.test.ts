/**
 * Every call with a megabyte of the worst kind in each place that it reads: the event loop is soon
 * free again, whatever is given. The calls are those that the package exports and that a data layer
 * has; the options those of their types. A call or an option that is new does not compile, or is
 * named by a test.
 */
import type { RecentOptions } from "../../services/collections.js";
import type { ValidTokenOptions } from "../../services/oauth/options.js";
import type { UserEraseOptions, UserExportOptions } from "../../services/user/types.js";
import type { CallOptions } from "../../src/call/call.js";
import * as door from "../../src/index.js";
import type {
  QueryOptions,
  RepositoryScanAllOptions,
  RepositoryScanOptions,
  UpdateOptions,
} from "../../src/repository/types.js";
import type { StoreCalls } from "../../src/store/store-calls.js";
import type * as store from "../../src/store/store-types.js";
import { fixtures } from "../../src/testing/index.js";
import { registry } from "../registry.js";
import { callsOf, type EntryPoint, type Loose, operationsOf } from "./entry-points.js";
import { fieldsOf, Measured, megabyte, requestHandler } from "./longest-turn.js";

type Spec = store.StoreSpec;
/** Arguments of a call that are well, with each option that it has. */
type Well = readonly unknown[];
/** Each option of a type: a new one does not compile until it has a value here. */
type Each<Options> = Record<keyof Options, unknown>;

// About ten seconds where nothing else runs.
jest.setTimeout(process.env.COAGENT_TEST_RUNS === undefined ? 300_000 : 1_800_000);

// The worst kinds. Each is about a megabyte as JSON, or says that it is far more.
const many = megabyte / 10;
const listOf = (count: number, member: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => member(index));

function nested(levels: number, around: (inner: unknown) => unknown): unknown {
  let tree: unknown = 1;
  for (let level = 0; level < levels; level += 1) tree = around(tree);
  return tree;
}

const manyGetters = () => {
  const descriptors = Array.from(
    { length: many / 2 },
    (_, index) => [`f${index}`, { enumerable: true, get: () => index }] as const,
  );
  return Object.defineProperties({}, Object.fromEntries(descriptors));
};

const kinds: Readonly<Record<string, () => unknown>> = {
  "a text": () => "x".repeat(megabyte),
  "a text of wide letters": () => "漢".repeat(megabyte / 3),
  "a text of digits": () => "1".repeat(megabyte),
  "a text that ends in half a letter": () => `${"x".repeat(megabyte)}\ud800`,
  "coded lists in each other": () => Buffer.from("[".repeat(megabyte / 2)).toString("base64url"),
  "short fields": () => fieldsOf(many, 1),
  "some fewer short fields": () => fieldsOf(many / 5, 1),
  "fields of functions": () => fieldsOf(many, () => 1),
  "long names": () =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${"n".repeat(megabyte / 20)}${index}`, () => 1]),
    ),
  numbers: () => listOf(many, (index) => index),
  fractions: () => listOf(many / 2, (index) => index / 7),
  maps: () => listOf(many, () => ({})),
  texts: () => listOf(many, (index) => `t${index}`),
  nulls: () => listOf(2 * many, () => null),
  "nothing, often": () => listOf(many, () => undefined),
  "lists in each other": () => nested(megabyte / 2, (inner) => [inner]),
  "maps in each other": () => nested(megabyte / 6, (a) => ({ a })),
  "a list that is shared": () => nested(28, (inner) => [inner, inner]),
  "a set of numbers": () => new Set(listOf(many, (index) => index)),
  "a set of texts": () => new Set(listOf(many, (index) => `t${index}`)),
  "a set of bytes": () =>
    new Set(listOf(many / 2, (index) => Uint8Array.of(index, index >> 8, index >> 16))),
  bytes: () => new Uint8Array(megabyte),
  "a sparse list": () => new Array(100 * megabyte),
  getters: manyGetters,
  "a proxy": () => new Proxy(fieldsOf(many / 10, 1), {}),
  "a condition on one list, often": () => {
    const shared = listOf(many, (index) => index);
    return (data: { name: unknown }, { eq }: Record<string, Loose>) =>
      listOf(150, () => eq?.(data.name, shared)).join(" AND ");
  },
};

/** Those that every value of a payload is tried with: they take longest where they are gone through. */
const heavy = [
  "short fields",
  "numbers",
  "maps",
  "nulls",
  "a set of bytes",
  "a list that is shared",
];

/**
 * What took from 200 ms to two minutes before there was a bound: a call's name, the place in its
 * arguments and the kind. Others are tried in turn, the longest of which stay below half a second.
 */
const known: readonly (readonly [call: string, place: string, kind: string])[] = [
  ["project.update", "(1)", "short fields"],
  ["project.update", "(1)", "some fewer short fields"],
  ["project.update", "(2).where", "short fields"],
  ["project.update", "(2).set[0][1]", "a set of bytes"],
  ["project.query", "(1).where", "a condition on one list, often"],
  ["project.query", "(1).where.name", "a set of bytes"],
  ["project.query", "(1).cursor", "coded lists in each other"],
  ["project.put", "(0).data.extra", "a set of bytes"],
  ["project.put", "(0)", "bytes"],
  ["project.get", "(0).userId", "a text of wide letters"],
  ["oauth.store", "(2)", "bytes"],
  ["oauth.store", "(2).accessToken", "a set of bytes"],
  ["repository.put", "(0)", "a text"],
  ["repository.put", "(0)", "bytes"],
  ["repository.update", "(3).expressionAttributeValues", "bytes"],
  ["repository.update", "(3).expressionAttributeValues", "nulls"],
  ["repository.update", "(3).expressionAttributeNames", "bytes"],
  ["repository.update", "(2)", "a set of bytes"],
  ["repository.update", "(2)", "short fields"],
];

/** Values that are alike to every call: none is changed. */
const made = new Map<string, unknown>();
function kindOf(name: string): unknown {
  if (!made.has(name)) made.set(name, kinds[name]?.());
  return made.get(name);
}

// Arguments that are well, so that each place in them is looked at.
const { signal } = new AbortController();
const limits: Each<CallOptions> = { signal, timeoutMs: 60_000 };
const data = { name: "n", extra: { a: [1], b: {} } };
const where = { name: "n" };
const key = { userId: "u1", projectId: "p1" };
const input = { ...key, data, createdAt: 1 };
const reads: Each<store.GetOptions<Spec>> = { ...limits, consistent: true, fields: ["name"] };
const queries: Each<store.QueryOptions<Spec>> = {
  ...limits,
  order: "asc",
  by: "createdAt",
  from: 0,
  to: 1e12,
  limit: 1,
  cursor: null,
  where,
  fields: ["name", ["extra", "b"]],
  startsWith: undefined,
  between: undefined,
  consistent: false,
};
const ofIds = { by: "key", from: undefined, to: undefined, consistent: true } as const;
const lists: Each<store.QueryOptions<Spec>> = { ...queries, ...ofIds, startsWith: "p" };
const counts: Each<store.CountOptions<Spec>> = {
  ...limits,
  ...ofIds,
  where,
  startsWith: undefined,
  between: ["p1", "p2"],
};
const scans: Each<store.ScanOptions<Spec>> = {
  ...limits,
  segments: 1,
  where,
  fields: ["name"],
  limit: 1,
  cursor: null,
  consistent: true,
};
const changed = { set: [[["a", "b"], 1]], remove: ["c"], ifUpdatedAt: 1, where };
const computed = {
  add: { count: 1 },
  append: { list: [1] },
  prepend: { list: [1] },
  addToSet: { tags: ["a"] },
  removeFromSet: [[["a", "b"], new Set(["a"])]],
};
const updates: Each<store.UpdateOptions<Spec>> = {
  ...limits,
  ...changed,
  ...computed,
  returning: "item",
};
const deletes: Each<store.DeleteOptions<Spec>> = { ...limits, ifUpdatedAt: 1, where };
const writes: Each<store.WriteOptions> = { ...limits, allowMissing: true };

/** A project is in no index that is read by its name. */
const ofStore: Record<Exclude<keyof StoreCalls<Spec>, "queryBy" | "listBy" | "countBy">, Well> = {
  get: [key, reads],
  getOrThrow: [key, reads],
  query: [{ userId: "u1" }, queries],
  list: [{ userId: "u1" }, lists],
  count: [{ userId: "u1" }, counts],
  create: [input, limits],
  put: [input, limits],
  upsert: [input, limits],
  update: [key, { name: "n" }, updates],
  delete: [key, deletes],
  batchGet: [[key], reads],
  batchPut: [[input], writes],
  batchDelete: [[key], limits],
  check: [input, { allowMissing: true }],
};

const ofTransaction: Readonly<Record<string, Well>> = {
  get: [key],
  create: [input],
  put: [input],
  upsert: [input],
  update: [key, { name: "n" }, changed],
  delete: [key, { ifUpdatedAt: 1, where }],
  check: [key, { exists: true, ifUpdatedAt: 1, where }],
};

const tokenOptions: Each<ValidTokenOptions> = {
  ...limits,
  refresh: async () => ({ accessToken: "a", expiryDate: 1e13 }),
  marginMs: 0,
  leaseMs: 30_000,
};
const recent: Each<RecentOptions> = { ...limits, userId: "u1", limit: 1, fields: ["name"] };
const exports: Each<UserExportOptions> = { ...limits, secrets: "mask", consistent: true };
const erasures: Each<UserEraseOptions> = { ...limits, dryRun: true };
const token = { accessToken: "a", refreshToken: "r", expiryDate: 1e13 };
const user = { userId: "u1" };

const besideStores: Readonly<Record<string, Well>> = {
  dashboard: [{ userId: "u1", agentId: "u1" }, limits],
  brandAuditPage: [{ userId: "u1", agentId: "u1" }, limits],
  "collections.workspace": [user, limits],
  "collections.recent": [recent],
  "projects.listWithContent": [user, limits],
  "projects.deleteAndUnfile": [key, limits],
  "profiles.save": [user, { displayName: "n", extra: 1 }, limits],
  "profiles.setPhoto": [user, "https://example.com/x", limits],
  "reviews.byId": ["r1", limits],
  "reviews.deleteById": ["r1", limits],
  "reviews.newest": ["u1", 3, limits],
  "reviews.ofAgents": [["u1"], limits],
  "oauth.store": ["u1", "p", token, limits],
  "oauth.get": ["u1", "p", limits],
  "oauth.isConnected": ["u1", "p", limits],
  "oauth.validToken": ["u1", "p", tokenOptions],
  "oauth.remove": ["u1", "p", limits],
  "table.create": [limits],
  "table.describe": [limits],
  "table.wait": [limits],
  "transaction.write": [() => [], { ...limits, token: "t" }],
  "transaction.get": [() => [], limits],
  forUser: ["u1"],
  scope: [{ userId: "u1" }],
  user: ["u1"],
  "user.export": [exports],
  "user.erase": [erasures],
};

const expression = {
  expressionAttributeNames: { "#n": "Data" },
  expressionAttributeValues: { ":v": 1 },
};
const repositoryFilter = { indexName: "GSI1", filterExpression: "#n = :v", ...expression };
const repositoryPage = {
  ...repositoryFilter,
  limit: 1,
  exclusiveStartKey: { PK: "USER#u1", SK: "PROJECT#p1", GSI1PK: "USER#u1", GSI1SK: "PROJECT#p1" },
};
const repositoryQuery: Each<QueryOptions> = { ...repositoryPage, scanIndexForward: true };
const repositoryScan: Each<RepositoryScanOptions> = { ...repositoryPage, segment: 0, segments: 1 };
const repositoryScanAll: Each<RepositoryScanAllOptions> = { ...repositoryFilter, segments: 1 };
const repositoryUpdate: Each<UpdateOptions> = { conditionExpression: "#n = :v", ...expression };
const rawKey = { PK: "USER#u1", SK: "PROJECT#p1" };
const rawItem = {
  ...rawKey,
  EntityType: "Project",
  Data: data,
  CreatedAt: 1,
  UpdatedAt: 1,
  TTL: 5,
};

const ofRepository: Record<keyof door.DynamoDBRepository, Well> = {
  get: [rawKey.PK, rawKey.SK],
  getItem: [rawKey.PK, rawKey.SK],
  query: [rawKey.PK, rawKey.SK, repositoryQuery],
  queryItems: [rawKey.PK, rawKey.SK, repositoryQuery],
  queryBetween: [rawKey.PK, rawKey.SK, rawKey.SK, repositoryQuery],
  scan: [repositoryScan],
  scanItems: [repositoryScan],
  scanAll: [repositoryScanAll],
  put: [rawItem],
  create: [rawKey.PK, rawKey.SK, "Project", data, { GSI1PK: "a", GSI1SK: "b" }],
  update: [rawKey.PK, rawKey.SK, { name: "n" }, repositoryUpdate],
  delete: [rawKey.PK, rawKey.SK],
  batchGet: [[rawKey]],
  batchWrite: [[rawItem], [rawKey]],
  transactWrite: [
    [
      { create: { ...rawItem, SK: "PROJECT#p2" } },
      { put: rawItem, ...repositoryUpdate },
      { update: { ...rawKey, SK: "PROJECT#p3" }, updates: { name: "n" }, ...repositoryUpdate },
      { delete: { ...rawKey, SK: "PROJECT#p4" } },
      { check: { ...rawKey, SK: "PROJECT#p5" }, ...repositoryUpdate },
    ],
    { token: "order-1" },
  ],
};

/** The same arguments for a user's scope: the owner is nowhere in them. */
function scoped(path: string, given: Well): Well {
  const [first, ...rest] = given;
  const isOwner = first === "u1" || ["userId"].some((name) => isOnly(first, name));
  const takesNoKey = /^(dashboard|brandAuditPage|collections\.workspace|projects\.list)/.test(path);
  if (takesNoKey) return rest;
  if (isOwner && typeof first === "string") return rest;
  return given.map(withoutOwner);
}

function isOnly(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).join() === name;
}

function withoutOwner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwner);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "userId"));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** One place in arguments. */
interface PlaceIn {
  readonly text: string;
  with(value: unknown): Well;
}

/** Every place in arguments: each of them, and each member of the lists and objects in them. */
function placesIn(given: Well): PlaceIn[] {
  const visit = (value: unknown, text: string, put: (own: unknown) => Well): PlaceIn[] => {
    const here: PlaceIn = { text, with: put };
    if (Array.isArray(value)) {
      const inside = value.flatMap((member, index) =>
        visit(member, `${text}[${index}]`, (own) => put(value.with(index, own))),
      );
      return [here, ...inside];
    }
    if (!isPlain(value)) return [here];
    const inside = Object.keys(value).flatMap((name) =>
      visit(value[name], `${text}.${name}`, (own) => put({ ...value, [name]: own })),
    );
    return [here, ...inside];
  };
  return given.flatMap((value, index) =>
    visit(value, `(${index})`, (own) => given.map((one, at) => (at === index ? own : one))),
  );
}

/** Whether each kind is tried in each place, which takes some minutes: with `COAGENT_TEST_RUNS`. */
const isLong = process.env.COAGENT_TEST_RUNS !== undefined;

/** Kinds and the places that they are tried in: each third one in another place, or each in all. */
function spread(path: string, places: readonly PlaceIn[], names: readonly string[]) {
  if (isLong) return names.flatMap((name) => places.map((place) => ({ name, place })));
  return names.flatMap((name, index) => {
    const turn = (path.length + index) / 2;
    if (!Number.isInteger(turn) || turn % 3 === 2) return [];
    const place = places[turn % places.length];
    return place === undefined ? [] : [{ name, place }];
  });
}

describe("a megabyte of the worst kind", () => {
  const turns = new Measured();
  let layer: door.DataLayer;
  let repository: Record<string, Loose>;
  const variables = {
    COAGENT_ENV: "development",
    AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9",
    DYNAMODB_TABLE_NAME: "Worst",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
  };
  const before = { ...process.env };

  beforeAll(() => {
    Object.assign(process.env, variables);
    layer = door.createDataLayer({
      requestHandler: requestHandler as never,
      retry: { maxRetries: 0 },
    });
    repository = new door.DynamoDBRepository({ maxRetries: 0 }) as never;
  });
  afterAll(async () => {
    turns.tellSlowest();
    await layer.close();
    door.resetClients();
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  /** A call with its arguments. */
  interface Tried {
    readonly path: string;
    readonly call: Loose;
    readonly given: Well;
  }

  async function faultsOf(calls: readonly Tried[], names: readonly string[]): Promise<string[]> {
    const faults: string[] = [];
    for (const { path, call, given } of calls) {
      for (const { name, place } of spread(path, placesIn(given), names)) {
        const values = place.with(kindOf(name));
        const what = `${path} with ${name} at ${place.text}`;
        faults.push(...(await turns.faultOf(what, () => call(...values))));
      }
    }
    return faults;
  }

  /** Calls and their arguments, which have to be those that there are. */
  function tried(points: readonly Omit<Tried, "given">[], given: Readonly<Record<string, Well>>) {
    const nameOf = (path: string) =>
      path.replace(/^(data|scope|repository)\.(project\.|.* of project\.)?/, "");
    const names = points.map(({ path }) => nameOf(path));
    expect(names.sort()).toEqual(Object.keys(given).sort());
    return points.map(({ path, call }): Tried => {
      const own = given[nameOf(path)] ?? [];
      return { path, call, given: path.startsWith("scope.") ? scoped(path, own) : own };
    });
  }

  const isOfProject = ({ path }: EntryPoint) => /^\w+\.project\./.test(path);
  const isOfStore = ({ path }: EntryPoint) =>
    registry.some(({ name }) => path.split(".")[1] === name);
  const ofProject = ({ path }: EntryPoint) => / of project\./.test(path);

  const callsIn = (of: object, at: string) => {
    const points = callsOf(of, at);
    const beside = points.filter((point) => !isOfStore(point));
    const own = beside.map(({ path }) => path.replace(/^\w+\./, ""));
    const given = Object.fromEntries(
      Object.entries(besideStores).filter(([name]) => at === "data" || own.includes(name)),
    );
    // A scope has no scan.
    const store = at === "data" ? { ...ofStore, scan: [scans] } : ofStore;
    return [...tried(points.filter(isOfProject), store), ...tried(beside, given)];
  };
  const operationsIn = (of: object, at: string) =>
    tried(operationsOf(of, at).filter(ofProject), ofTransaction);
  const callsOfRepository = () =>
    tried(
      Object.keys(ofRepository).map((name) => ({
        path: `repository.${name}`,
        call: (...given: unknown[]) => repository[name]?.(...given),
      })),
      ofRepository,
    );

  test("leaves the event loop free where it took long before", async () => {
    const all = [...callsIn(layer, "data"), ...callsOfRepository()];
    const faults: string[] = [];
    for (const [name, at, kind] of known) {
      const own = all.find(({ path }) => path === name || path === `data.${name}`);
      const place = own && placesIn(own.given).find(({ text }) => text === at);
      if (own === undefined || place === undefined) throw new Error(`no ${name} with ${at}`);
      const values = place.with(kindOf(kind));
      faults.push(
        ...(await turns.faultOf(`${name} with ${kind} at ${at}`, () => own.call(...values))),
      );
    }
    expect(faults).toEqual([]);
  });

  test("leaves it free in every call of a data layer", async () => {
    expect(await faultsOf(callsIn(layer, "data"), Object.keys(kinds))).toEqual([]);
  });

  test("leaves it free in every call of a user's scope", async () => {
    expect(await faultsOf(callsIn(layer.forUser("u1"), "scope"), heavy)).toEqual([]);
  });

  test("leaves it free in every operation of a transaction", async () => {
    const names = Object.keys(kinds);
    expect(await faultsOf(operationsIn(layer, "data"), names)).toEqual([]);
    expect(await faultsOf(operationsIn(layer.forUser("u1"), "scope"), heavy)).toEqual([]);
  });

  test("leaves it free in every call of the generic repository", async () => {
    expect(await faultsOf(callsOfRepository(), Object.keys(kinds))).toEqual([]);
  });

  test("leaves it free in every function that the package exports", async () => {
    const isClass = (value: Loose) => /^class\b/.test(Function.prototype.toString.call(value));
    const calls = Object.entries(door as unknown as Record<string, Loose>)
      .filter(([, value]) => typeof value === "function" && !isClass(value))
      .map(([path, call]): Tried => ({ path, call, given: ["a", "b", "c"] }));
    expect(calls.length).toBeGreaterThan(25);
    calls.push({ path: "ExactNumber.from", call: door.ExactNumber.from as Loose, given: ["1"] });
    // Whose keys may be looked up by any name.
    const encrypted = (encryption: unknown) =>
      door.createDataLayer({ environment: "development", encryption } as never);
    calls.push({
      path: "encryption",
      call: encrypted,
      given: [{ keys: { a: "b" }, current: "c" }],
    });
    expect(await faultsOf(calls, Object.keys(kinds))).toEqual([]);
    expect(
      await turns.faultOf("encryption, wide", () => encrypted(kindOf("short fields"))),
    ).toEqual([]);
  });

  test("leaves it free in the schema of every field", async () => {
    const calls = registry.map(({ name, owner, id }): Tried => {
      const payload = Object.fromEntries(
        Object.keys(fixtures[name].data).map((field) => [field, 1]),
      );
      const check = (data: unknown) =>
        (layer[name].check as Loose)({ [owner]: "u1", ...(id && { [id]: "i1" }), data });
      return { path: name, call: check, given: [payload] };
    });
    expect(await faultsOf(calls, ["numbers", "maps", "nulls", "texts"])).toEqual([]);
  });
});

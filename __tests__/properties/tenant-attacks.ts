/** Hostile calls for the property tests of a user's scope. */
import fc from "fast-check";
import type { FacadeName, UserScope } from "../../src/index.js";
import type { Fault } from "../../src/testing/index.js";
import { inputOf, registry } from "../registry.js";

type Raw = Record<string, unknown>;
type Loose = (...given: unknown[]) => unknown;

/** The users: prefixes of each other, and what might be taken for a key, a template or a prototype. */
export const users = [
  "u",
  "u1",
  "u10",
  "u1#PROFILE",
  "U1",
  "USER#u1",
  "USER#u2",
  "REVIEW#u1",
  "u2",
  "${userId}",
  "__proto__",
  "é",
  "e\u0301",
  // What a comparison that normalises or trims takes for u1.
  "u\uff11",
  "u1 ",
  "u1\u0000",
] as const;

export const itemIds = ["i1", "i1#PROFILE"] as const;
export const tokenProviders = ["GOOGLE_BUSINESS", "i1"] as const;

/** What only the user's own items hold. */
export const secretOf = (user: string) => `secret<${users.indexOf(user as never)}>`;

/** Where a query of one user's ended. */
export interface Page {
  readonly name: FacadeName;
  readonly by: "key" | "createdAt";
  readonly order: "asc" | "desc";
  readonly cursor: string;
}

export interface Situation {
  readonly attacker: string;
  readonly victim: string;
  /** The victim's own scope: operations that it makes may fall into the attacker's hands. */
  readonly theirs: UserScope;
  /** Cursors that the layer gave to each user. */
  readonly cursors: ReadonlyMap<string, readonly Page[]>;
}

type Build = (scope: UserScope, situation: Situation) => unknown;

/** A value that depends on who attacks whom. */
type Hostile<T = unknown> = (situation: Situation) => T;

const anyOf = <T>(...values: T[]) => fc.constantFrom(...values);

const idPart: fc.Arbitrary<Hostile> = fc.oneof(
  { weight: 6, arbitrary: anyOf<Hostile>(...itemIds.map((id) => () => id), () => "main") },
  anyOf<Hostile>(
    ({ victim }) => victim,
    ({ victim }) => `../${victim}`,
    ({ victim }) => `i1\nUSER#${victim}`,
    ({ victim }) => ({ S: `USER#${victim}` }),
    ({ victim }) => [victim],
    () => "",
    () => undefined,
    ({ victim }) => Object.assign(Object("i1") as object, { userId: victim }),
    ({ victim }) => ({ toString: () => victim, valueOf: () => victim, toJSON: () => victim }),
    ({ victim }) => ({ [Symbol.toPrimitive]: () => `i1\u0000USER#${victim}` }),
    ({ victim }) => `i1#USER#${victim}#`,
    () => "i1\u0000",
    () => "ｉ1",
  ),
);

/** Puts an owner beside a key's own part, in some way. */
const disguises: ((key: Raw, victim: string) => unknown)[] = [
  (key, victim) => ({ ...key, userId: victim }),
  (key, victim) => ({ userId: victim, agentId: victim, ...key }),
  (key, victim) => Object.assign(Object.create({ userId: victim, agentId: victim }) as Raw, key),
  (key, victim) => Object.setPrototypeOf({ ...key }, { userId: victim }),
  (key, victim) => ({
    ...key,
    ...(JSON.parse(`{"__proto__":{"userId":${JSON.stringify(victim)}}}`) as Raw),
  }),
  (key, victim) => Object.defineProperty({ ...key }, "userId", { get: () => victim }),
  (key, victim) => Object.defineProperty({ ...key }, "agentId", { value: victim }),
  (key, victim) =>
    new Proxy(key, { get: (own, name) => own[name as never] ?? victim, has: () => false }),
  (key, victim) => new Proxy(key, { get: (own, name) => own[name as never] ?? victim }),
  (key, victim) =>
    new Proxy(
      { ...key, userId: victim },
      { has: (_, name) => name !== "userId", getOwnPropertyDescriptor: () => undefined },
    ),
  (key, victim) => ({
    ...key,
    PK: `USER#${victim}`,
    pk: `USER#${victim}`,
    "#pk": victim,
    __edb_e__: victim,
  }),
  (key, victim) => ({
    ...key,
    Key: { PK: `USER#${victim}` },
    TableName: "other",
    key: { userId: victim },
  }),
  (key, victim) => [{ ...key, userId: victim }],
  (key, victim) => Object.assign([], key, { userId: victim }),
  (key, victim) => Object.assign(() => victim, key, { userId: victim }),
  (_, victim) => victim,
  () => null,
  () => undefined,
];

/** A getter that gives another value each time it is read. */
function changing(name: string, values: readonly unknown[]): Raw {
  let reads = 0;
  const get = () => {
    reads += 1;
    return values[reads % values.length];
  };
  return Object.defineProperty({}, name, { enumerable: true, get }) as Raw;
}

/** A list that is another one each time it is looked at, or that lies about what it is. */
const lists: ((elements: unknown[], others: unknown[]) => unknown)[] = [
  (elements) => elements,
  (elements, others) => elements.map((_, at) => Object.getOwnPropertyDescriptor(others, at)?.value),
  (elements, others) => {
    const list: unknown[] = [...elements];
    list.forEach((element, at) => {
      let reads = 0;
      const get = () => {
        reads += 1;
        return reads % 2 === 1 ? element : others[at];
      };
      Object.defineProperty(list, at, { enumerable: true, configurable: true, get });
    });
    return list;
  },
  (elements, others) => {
    let reads = 0;
    return new Proxy(elements, {
      get: (own, name) => {
        reads += 1;
        return Reflect.get(reads % 3 === 0 ? others : own, name);
      },
    });
  },
  (elements, others) =>
    Object.assign([...elements], {
      map: (call: (one: unknown) => unknown) => others.map((one) => call(one)),
      [Symbol.iterator]: () => others[Symbol.iterator](),
    }),
  (elements, others) =>
    Object.defineProperty([...elements], "constructor", {
      value: { [Symbol.species]: () => others },
    }),
  (elements, others) => Object.assign([...elements, ...new Array(2)], { 7: others[0] }),
  (_, others) => ({ length: 1, 0: others[0] }),
  (_, others) => new Set(others),
];

/** Options that are others each time they are looked at. */
function shifting(own: Raw, victim: string, kind: number): unknown {
  let reads = 0;
  switch (kind) {
    case 0:
      return new Proxy(own, {
        get: (target, name) => {
          reads += 1;
          const other = { userId: victim, agentId: victim, where: { PK: `USER#${victim}` } };
          return reads % 2 === 0 ? Reflect.get(other, name) : Reflect.get(target, name);
        },
      });
    case 1: {
      const names = Object.keys(own);
      const changing = Object.fromEntries(names.map((name) => [name, undefined])) as Raw;
      for (const name of names) {
        const get = () => {
          reads += 1;
          return reads % 2 === 1 ? own[name] : { PK: `USER#${victim}`, SK: "PROFILE" };
        };
        Object.defineProperty(changing, name, { enumerable: true, get });
      }
      return changing;
    }
    case 2:
      return Object.create({ ...own, userId: victim, cursor: `USER#${victim}` }) as unknown;
    default:
      return own;
  }
}

const registered = fc.constantFrom(...registry);

const keyFor = (id: string | undefined): fc.Arbitrary<Hostile> =>
  fc
    .tuple(
      idPart,
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 2, arbitrary: fc.constantFrom(...disguises) },
      ),
      fc.boolean(),
    )
    .map(
      ([part, disguise, changes]): Hostile =>
        (situation) => {
          const value = part(situation);
          const own: Raw = id === undefined ? {} : { [id]: value };
          const key =
            changes && id !== undefined ? changing(id, [value, situation.victim, "i2"]) : own;
          return disguise === undefined ? key : disguise(key, situation.victim);
        },
    );

/** Conditions, as objects and as callbacks that reach for more than the payload. */
const where: fc.Arbitrary<Hostile> = anyOf<Hostile>(
  ({ victim }) => ({ PK: `USER#${victim}` }),
  ({ victim }) => ({ userId: victim }),
  ({ victim }) => ({ "PK = :x OR PK": victim, "#pk": victim, ":pk": victim }),
  () => ({ note: null }),
  ({ victim }) => JSON.parse(`{"__proto__":{"userId":${JSON.stringify(victim)}}}`) as unknown,
  ({ victim }) => loose((_, op) => op.eq?.(op.path?.("PK"), `USER#${victim}`)),
  ({ victim }) => loose((_, op) => `${op.exists?.(op.path?.("note"))} OR PK = "USER#${victim}"`),
  () => loose((_, op) => op.notExists?.(op.path?.("a", 0, "..", "PK"))),
  () => loose((data, op) => op.ne?.((data as Record<string, Raw>).x?.["#pk"], 1)),
  () => loose((_, op) => op.exists?.("PK")),
  () => () => "{0}",
  () => () => "PK <> SK",
  () => () => Promise.resolve("{0}"),
  ({ attacker, victim }) =>
    loose((data, op) => {
      const fake: Record<PropertyKey, unknown> = {};
      const write = (own: { values: Raw; path(segments: string[]): string }) => {
        for (const [placeholder, value] of Object.entries(own.values)) {
          if (value === `USER#${attacker}`) own.values[placeholder] = `USER#${victim}`;
        }
        return own.path(["x"]);
      };
      for (const given of [data, op, op.path?.("x"), op.size?.(op.path?.("x"))] as object[]) {
        for (const property of Reflect.ownKeys(given)) fake[property] = write;
      }
      return op.ne?.(fake, 1);
    }),
  ({ victim }) =>
    loose((_, op) => op.ne?.(op.path?.("x"), { ":pk": `USER#${victim}`, toJSON: () => victim })),
);

function loose(callback: (data: object, operators: Record<string, Loose>) => unknown): unknown {
  return callback;
}

const forgedCursor: fc.Arbitrary<Hostile> = fc
  .record({
    version: anyOf<unknown>(1, 1, 1, 2, "1"),
    entity: fc.constantFrom(...registry.map(({ entity }) => entity)),
    index: anyOf<unknown>("key", "createdAt"),
    order: anyOf<unknown>("asc", "desc"),
    ofVictim: fc.boolean(),
    prefix: anyOf("USER#", "USER#", "REVIEW#", "OAUTH#", ""),
    sort: anyOf("CONTENT#i1", "PROJECT#i1", "REPORT#", "PROFILE", "REVIEW#i1", "i1", "", "\uffff"),
    indexSort: anyOf("CONTENT#0", "CONTENT#9999999999999#z", "AGENT#u2", ""),
  })
  .map(
    ({ version, entity, index, order, ofVictim, prefix, sort, indexSort }): Hostile =>
      ({ attacker, victim }) => {
        const partition = `${prefix}${ofVictim ? victim : attacker}`;
        const fields = [version, entity, index, order, partition, sort, indexSort];
        return Buffer.from(JSON.stringify(fields)).toString("base64url");
      },
  );

const cursor: fc.Arbitrary<Hostile> = fc.oneof(
  forgedCursor,
  fc.tuple(fc.nat(), fc.boolean()).map(
    ([position, ofVictim]): Hostile =>
      ({ attacker, victim, cursors }) => {
        const all = cursors.get(ofVictim ? victim : attacker) ?? [];
        return all[position % all.length]?.cursor;
      },
  ),
  anyOf<Hostile>(
    ({ victim }) =>
      Buffer.from(JSON.stringify({ PK: `USER#${victim}`, SK: "PROFILE" })).toString("base64url"),
    ({ victim }) => ({ PK: `USER#${victim}`, SK: "PROFILE" }),
    () => "",
    () => null,
  ),
);

const option: fc.Arbitrary<[string, Hostile]> = fc.oneof(
  fc.tuple(fc.constant("cursor"), cursor),
  fc.tuple(fc.constant("where"), where),
  fc.tuple(
    fc.constant("fields"),
    anyOf<Hostile>(
      () => ["note"],
      () => ["note", "PK", "userId"],
      () => ["#pk", "__proto__", "Data.note"],
      ({ victim }) => [`note, USER#${victim}`],
      () => "note",
    ),
  ),
  fc.tuple(
    fc.constant("by"),
    anyOf<Hostile>(
      () => "createdAt",
      () => "key",
      () => "PK",
    ),
  ),
  fc.tuple(
    fc.constant("order"),
    anyOf<Hostile>(
      () => "desc",
      () => "asc",
    ),
  ),
  fc.tuple(
    fc.constant("from"),
    anyOf<Hostile>(
      () => 0,
      ({ victim }) => `0#USER#${victim}`,
    ),
  ),
  fc.tuple(
    fc.constant("to"),
    anyOf<Hostile>(
      () => 9_999_999_999_999,
      () => 1e15,
    ),
  ),
  fc.tuple(
    fc.constant("limit"),
    anyOf<Hostile>(
      () => 1,
      () => 2,
      () => 100,
    ),
  ),
  fc.tuple(
    fc.constant("signal"),
    anyOf<Hostile>(
      () => new AbortController().signal,
      () => AbortSignal.abort(new Error("left")),
      () => AbortSignal.timeout(1),
      ({ victim }) => ({ aborted: false, reason: victim, addEventListener: () => victim }),
    ),
  ),
  fc.tuple(
    fc.constant("timeoutMs"),
    anyOf<Hostile>(
      () => 10_000,
      () => 1,
      () => Number.NaN,
      ({ victim }) => ({ valueOf: () => 5, userId: victim }),
    ),
  ),
  fc.tuple(
    fc.constant("consistent"),
    anyOf<Hostile>(() => true),
  ),
  fc.tuple(
    fc.constant("ifUpdatedAt"),
    anyOf<Hostile>(
      () => 1,
      ({ victim }) => ({ userId: victim }),
    ),
  ),
  fc.tuple(
    fc.constant("set"),
    anyOf<Hostile>(
      () => [[["PK"], "USER#u2"]],
      () => [[["note", "..", "PK"], "x"]],
      ({ victim }) => [[["userId"], victim]],
    ),
  ),
  fc.tuple(
    fc.constant("remove"),
    anyOf<Hostile>(
      () => ["extra"],
      () => ["PK", ["userId"]],
    ),
  ),
  fc.tuple(
    anyOf("userId", "agentId", "PK", "Key", "TableName", "params", "table", "partition"),
    anyOf<Hostile>(
      ({ victim }) => victim,
      ({ victim }) => ({ PK: `USER#${victim}` }),
    ),
  ),
);

const options: fc.Arbitrary<Hostile<Raw>> = fc.array(option, { maxLength: 3 }).map(
  (pairs): Hostile<Raw> =>
    (situation) => {
      return Object.fromEntries(pairs.map(([name, value]) => [name, value(situation)]));
    },
);

/** What may be in a payload, and must stay there. */
const extraData: fc.Arbitrary<Hostile<Raw>> = anyOf<Hostile<Raw>>(
  () => ({}),
  ({ victim }) => ({ userId: victim, agentId: victim, id: victim }),
  ({ victim }) => ({ PK: `USER#${victim}`, SK: "PROFILE", GSI1PK: `USER#${victim}` }),
  ({ victim }) => ({ data: { userId: victim }, EntityType: "OAuthToken" }),
  ({ victim }) => ({ extra: { S: victim } }),
  ({ victim }) => changing("extra", ["own", { userId: victim, PK: `USER#${victim}` }, "own"]),
);

const storeCall: fc.Arbitrary<Build> = registered.chain((one) => {
  const key = keyFor(one.id);
  const calls: Record<
    string,
    (store: Record<string, Loose>, key: unknown, input: unknown, options: Raw, data: Raw) => unknown
  > = {
    get: (store, key, _, options) => store.get?.(key, options),
    getOrThrow: (store, key, _, options) => store.getOrThrow?.(key, options),
    query: (store, key, _, options) => store.query?.(key, options),
    queryAll: (store, _, __, options) => store.query?.({}, options),
    list: (store, key, _, options) => store.list?.(key, options),
    listAll: (store, _, __, options) => store.list?.({}, options),
    queryBy: (store, key, _, options) => store.queryBy?.("byReviewId", key, options),
    listBy: (store, key, _, options) => store.listBy?.("byReviewId", key, options),
    create: (store, _, input) => store.create?.(input),
    put: (store, _, input) => store.put?.(input),
    upsert: (store, _, input) => store.upsert?.(input),
    update: (store, key, _, options, data) => store.update?.(key, { note: "n", ...data }, options),
    delete: (store, key, _, options) => store.delete?.(key, options),
    check: (store, _, input) => store.check?.(input),
    batchGet: (store, key, _, options) =>
      store.batchGet?.(list([{ ...own() }, { ...own() }], [key, key]), options),
    batchPut: (store, _, input) => store.batchPut?.(list([{ ...own(), data: payload() }], [input])),
    batchDelete: (store, key) => store.batchDelete?.(list([{ ...own(), extra: 1 }], [key])),
    // More than one request takes, so that a part of them may be left unprocessed.
    batchOfMany: (store) =>
      store.batchPut?.(Array.from({ length: 30 }, (_, at) => ({ ...at30(at), data: payload() }))),
  };
  const at30 = (at: number) =>
    one.id === undefined ? {} : { [one.id]: at < 2 ? "i1" : `i1#${at}` };
  let list: (elements: unknown[], others: unknown[]) => unknown = (elements) => elements;
  const own = () => (one.id === undefined ? {} : { [one.id]: "i1" });
  const payload = () => inputOf(one, "nobody", "i1").data;
  const chosen = fc.constantFrom(...Object.keys(calls));
  const kind = fc.nat(6);
  return fc.tuple(chosen, key, options, extraData, fc.constantFrom(...lists), kind).map(
    ([call, key, options, extra, chosenList, kind]): Build =>
      (scope, situation) => {
        const store = scope[one.name] as unknown as Record<string, Loose>;
        const more = extra(situation);
        const data = Object.defineProperties(
          { ...payload(), note: secretOf(situation.attacker) },
          Object.getOwnPropertyDescriptors(more),
        );
        const given = key(situation);
        const shifted = shifting(options(situation), situation.victim, kind) as Raw;
        list = chosenList;
        return calls[call]?.(store, given, withData(given, data), shifted, data);
      },
  );
});

/** An input: what names an item, its payload beside it, whatever kind of object it is. */
function withData(key: unknown, data: Raw): unknown {
  if ((typeof key !== "object" && typeof key !== "function") || key === null) return key;
  const input = new Proxy(key, {
    get: (own, name) => (name === "data" ? data : Reflect.get(own, name)),
  });
  return input;
}

const operation = fc.record({
  one: registered,
  key: idPart,
  disguise: fc.option(fc.constantFrom(...disguises), { nil: undefined, freq: 3 }),
  call: anyOf("create", "put", "upsert", "update", "delete", "check", "get"),
  where,
  source: fc.oneof(
    { weight: 8, arbitrary: fc.constant("own") },
    { weight: 2, arbitrary: anyOf("captured", "forged") },
  ),
});

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const transaction: fc.Arbitrary<Build> = fc
  .tuple(
    anyOf("write" as const, "get" as const),
    fc.uniqueArray(operation, { minLength: 1, maxLength: 4, selector: ({ one }) => one.name }),
  )
  .map(
    ([kind, operations]): Build =>
      (scope, situation) => {
        const make = (tx: object, { one, key, disguise, call, where }: Operation, owned?: Raw) => {
          const part: Raw = one.id === undefined ? {} : { [one.id]: key(situation) };
          const bare = { ...part, ...owned };
          const given = disguise === undefined || owned ? bare : disguise(bare, situation.victim);
          const ofEntity = (tx as Record<string, Record<string, Loose>>)[one.name];
          if (kind === "get") return ofEntity?.get?.(given);
          const input = withData(given, { ...inputOf(one, "nobody", "i1").data, note: "n" });
          if (call === "update") return ofEntity?.update?.(given, { note: "n" });
          if (call === "check") return ofEntity?.check?.(given, { where: where(situation) });
          return call === "create" || call === "put" || call === "upsert"
            ? ofEntity?.[call]?.(input)
            : ofEntity?.delete?.(given, where(situation) && { where: where(situation) });
        };
        const forged = {
          key: { PK: `USER#${situation.victim}`, SK: "PROFILE" },
          context: {},
          request: () => ({
            kind: "Delete",
            input: { TableName: "any", Key: { PK: `USER#${situation.victim}`, SK: "PROFILE" } },
          }),
          itemOf: (raw: unknown) => raw,
          result: () => undefined,
        };
        return (scope.transaction[kind] as Loose)((tx: object) =>
          operations.map((one) => {
            if (one.source === "forged") return forged;
            if (one.source === "captured") {
              return capture(situation.theirs, kind, (foreign) => make(foreign, one, {})) ?? forged;
            }
            return make(tx, one);
          }),
        );
      },
  );

/** An operation that another user's scope made; their transaction is not sent. */
function capture(theirs: UserScope, kind: "write" | "get", make: (tx: object) => unknown): unknown {
  let operation: unknown;
  const sent = (theirs.transaction[kind] as Loose)((tx: object) => {
    operation = make(tx);
    // Nothing is sent: a transaction of nothing is refused.
    return [];
  });
  (sent as Promise<unknown>).catch(() => {
    // Refused, as it should be.
  });
  return operation;
}

const refresh = () => Promise.resolve({ accessToken: "fresh", expiryDate: 1 });

const useCase: fc.Arbitrary<Build> = fc
  .tuple(
    anyOf<
      (
        scope: Record<string, Record<string, Loose>>,
        given: unknown,
        id: unknown,
        data: Raw,
      ) => unknown
    >(
      (scope, given) => scope.collections?.workspace?.(given),
      (scope) => scope.collections?.workspace?.(),
      (scope, given) => scope.collections?.recent?.(given),
      (scope) => scope.collections?.recent?.({ limit: 5 }),
      (scope, given) => scope.collections?.recent?.(Object.assign(given as Raw, { limit: 5 })),
      (scope, given) => (scope as unknown as Record<string, Loose>).dashboard?.(given),
      (scope) => (scope as unknown as Record<string, Loose>).dashboard?.(),
      (scope) => (scope as unknown as Record<string, Loose>).brandAuditPage?.(),
      (scope, given) => scope.projects?.listWithContent?.(given),
      (scope) => scope.projects?.listWithContent?.(),
      (scope, given) => scope.projects?.deleteAndUnfile?.(given),
      (scope, _, id) => scope.projects?.deleteAndUnfile?.({ projectId: id }),
      (scope, given, _, data) => scope.profiles?.save?.(given, data),
      (scope, _, id, data) =>
        scope.profiles?.save?.({ agentProfileId: id }, { name: "n", ...data }),
      (scope, given) => scope.profiles?.setPhoto?.(given, "https://example.com/p"),
      (scope, _, id) => scope.reviews?.byId?.(id),
      (scope, _, id) => scope.reviews?.deleteById?.(id),
      (scope, given) => scope.reviews?.byId?.("i1", given),
      (scope, given) => scope.reviews?.newest?.(5, given),
      (scope, _, id) => scope.reviews?.newest?.(id, 5),
      (scope, _, id) => scope.oauth?.get?.(id),
      (scope, given) => scope.oauth?.get?.(undefined, given),
      (scope, _, id) => scope.oauth?.isConnected?.(id),
      (scope, _, id) => scope.oauth?.remove?.(id),
      (scope, _, id, data) => scope.oauth?.store?.(id, { accessToken: "a", ...data }),
      (scope, _, id) => scope.oauth?.validToken?.(id, { refresh }),
      (scope, given) => scope.oauth?.validToken?.(given, { refresh }),
      (scope, given) => scope.user?.export?.(given),
      (scope) => scope.user?.export?.({ secrets: "reveal" }),
      (scope, given) => scope.user?.erase?.(Object.assign(given as Raw, { dryRun: true })),
      (scope) => scope.user?.erase?.(),
    ),
    keyFor("projectId"),
    idPart,
    options,
    extraData,
  )
  .map(
    ([call, key, id, options, extra]): Build =>
      (scope, situation) => {
        const given = key(situation);
        const withOptions =
          typeof given === "object" && given !== null && !Array.isArray(given)
            ? Object.assign(given, options(situation))
            : given;
        return call(scope as never, withOptions, id(situation), extra(situation));
      },
  );

/** The very query of another user's that a cursor is from, with the cursor as it is or altered. */
const nextPage: fc.Arbitrary<Build> = fc
  .tuple(
    fc.nat(),
    anyOf<(cursor: string, situation: Situation) => string>(
      (cursor) => cursor,
      (cursor, { attacker, victim }) => rewritten(cursor, `#${victim}`, `#${attacker}`),
      (cursor, { attacker }) => rewritten(cursor, "CONTENT#", `CONTENT#\nUSER#${attacker}`),
    ),
    anyOf("query", "list"),
  )
  .map(
    ([position, alter, call]): Build =>
      (scope, situation) => {
        const pages = situation.cursors.get(situation.victim) ?? [];
        const { name, by, order, cursor } = pages[position % pages.length] as Page;
        const store = scope[name] as unknown as Record<string, Loose>;
        return store[call]?.({}, { by, order, cursor: alter(cursor, situation) });
      },
  );

/** A query of the user's own that is well but for its condition. */
const filtered: fc.Arbitrary<Build> = fc
  .tuple(registered, where, anyOf("query", "list", "count"))
  .map(
    ([{ name }, where, call]): Build =>
      (scope, situation) => {
        const store = scope[name] as unknown as Record<string, Loose>;
        return store[call]?.({}, { where: where(situation) });
      },
  );

function rewritten(cursor: string, from: string, to: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  return Buffer.from(
    text.replaceAll(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1)),
  ).toString("base64url");
}

/** What a caller does to the scope itself, before a call. */
const tampered =
  (build: Build): Build =>
  (scope, situation) => {
    Object.assign(scope, { userId: situation.victim, agentId: situation.victim });
    Object.assign(scope.savedContent, { owner: situation.victim, model: { fixed: {} } });
    return build(scope, situation);
  };

/** What goes wrong on the wire meanwhile, and how often. */
const mishap = fc.option(
  fc.record({
    fault: anyOf<Fault>(
      "answerLost",
      "answerLost",
      "bodyCut",
      "serverErrorAfter",
      "partialUnprocessed",
      "partialUnprocessed",
      "throttle",
      "transactionConflict",
      "connectionReset",
      "serverError",
      "timeout",
    ),
    times: fc.integer({ min: 1, max: 4 }),
    after: fc.integer({ min: 0, max: 2 }),
  }),
  { nil: undefined, freq: 2 },
);

/** A call, whose items it is after, and what goes wrong meanwhile. */
const attack = fc.record({
  victim: fc.constantFrom(...users),
  mishap,
  build: fc.oneof(
    { weight: 6, arbitrary: storeCall },
    { weight: 2, arbitrary: transaction },
    { weight: 3, arbitrary: useCase },
    { weight: 1, arbitrary: nextPage },
    { weight: 1, arbitrary: filtered },
    { weight: 1, arbitrary: storeCall.map(tampered) },
  ),
});

/** What one user tries, one call after the other. */
export const attacks = fc
  .record({
    attacker: fc.constantFrom(...users),
    calls: fc.array(attack, { minLength: 10, maxLength: 20, size: "max" }),
  })
  .map(({ attacker, calls }) => ({
    attacker,
    calls: calls.filter(({ victim }) => victim !== attacker),
  }));

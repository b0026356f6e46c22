/**
 * Attempts to get out of a user's scope: random calls with hostile arguments, on a table where other
 * users' items lie, whose ids begin alike or look like keys. After each call, what it sent, what it
 * gave back and what lies in the table is compared.
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import fc from "fast-check";
import type { UserScope } from "../../src/index.js";
import type { ObservedRequest } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { bareClient, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";
import { tries } from "./arbitraries.js";

type Raw = Record<string, unknown>;
type Loose = (...given: unknown[]) => unknown;

/** The users: prefixes of each other, and what might be taken for a key, a template or a prototype. */
const users = [
  "u",
  "u1",
  "u10",
  "u1#PROFILE",
  "u1#",
  "U1",
  "USER#u1",
  "USER#u2",
  "REVIEW#u1",
  "AGENT#u1",
  "u2",
  "${userId}",
  "__proto__",
  "constructor",
  "é",
  "e\u0301",
  " ",
] as const;

const itemIds = ["i1", "i2", "i1#PROFILE"] as const;
const tokenProviders = ["GOOGLE_BUSINESS", "i1"] as const;

/** What only the user's own items hold. */
const secretOf = (user: string) => `secret<${users.indexOf(user as never)}>`;

const [engine] = engines;
if (engine === undefined) throw new Error("there is no engine");
const transactions = engine.engine !== "dynalite";

describe(`the scope of a user on ${engine.name}, under attack`, () => {
  const table = openTable(engine, { retry: { maxRetries: 0 } });
  let scan: () => Promise<Raw[]>;
  /** Cursors that the layer gave to each user. */
  const cursors = new Map<string, string[]>();

  beforeAll(async () => {
    for (const user of users) {
      for (const registered of registry) {
        const ids = registered.name === "oauthToken" ? tokenProviders : itemIds;
        const count = registered.id === undefined ? 1 : ids.length;
        for (const id of ids.slice(0, count)) {
          const data = { note: secretOf(user), ...(registered.dated && { title: secretOf(user) }) };
          await storeOf(table.data, registered).put(inputOf(registered, user, id, data) as never);
        }
      }
      const own: string[] = [];
      for (const registered of registry) {
        const store = storeOf(table.data, registered);
        for (const by of registered.dated ? (["key", "createdAt"] as const) : (["key"] as const)) {
          for (const order of ["asc", "desc"] as const) {
            const partition = { [registered.owner]: user };
            const { cursor } = await store.query(partition, { limit: 1, by, order });
            if (cursor !== null) own.push(cursor);
          }
        }
      }
      cursors.set(user, own);
    }
    const client = bareClient(table.data);
    const TableName = table.data.configuration.tableName;
    scan = async () => {
      const items: Raw[] = [];
      let ExclusiveStartKey: Raw | undefined;
      do {
        const page = await client.send(new ScanCommand({ TableName, ExclusiveStartKey }));
        items.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return items;
    };
  });

  /** The rest of the table, as one text to compare. */
  async function othersOf(user: string): Promise<string> {
    const others = (await scan()).filter((item) => !partitionsOf(user).includes(String(item.PK)));
    const byKey = others.map((item): [string, Raw] => [`${item.PK}\n${item.SK}`, item]);
    return JSON.stringify(byKey.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  test("every user has items before it begins", async () => {
    const items = await scan();
    for (const user of users) {
      const own = items.filter((item) => partitionsOf(user).includes(String(item.PK)));
      expect(own.length).toBe(1 + 10 * itemIds.length + tokenProviders.length);
      expect(JSON.stringify(own)).toContain(secretOf(user));
    }
    expect(cursors.get("u1")?.length).toBeGreaterThan(20);
  });

  test("no call reaches another user's partition, gives their items or changes them", async () => {
    const seen = { calls: 0, answered: 0, refused: 0, requests: 0, items: 0 };
    await fc.assert(
      fc.asyncProperty(attack, async ({ attacker, victim, build }) => {
        const before = await othersOf(attacker);
        table.data.wire.clear();
        const scope = table.data.forUser(attacker);
        const outcome = await outcomeOf(() => build(scope, { attacker, victim, cursors }));

        for (const request of table.data.wire.requests) {
          expect({ request: problemsOf(request, attacker) }).toEqual({ request: [] });
        }
        const told = textOf(outcome);
        for (const other of users) {
          if (other !== attacker) expect(told).not.toContain(secretOf(other));
        }
        expect(await othersOf(attacker)).toBe(before);

        seen.calls += 1;
        seen.requests += table.data.wire.requests.length;
        if ("value" in outcome) seen.answered += 1;
        else seen.refused += 1;
        if (told.includes(secretOf(attacker))) seen.items += 1;
      }),
      tries(700),
    );
    // The attacks are not all refused at the door: many are sent, and give the attacker's own items.
    expect(seen.answered).toBeGreaterThan(seen.calls / 5);
    expect(seen.refused).toBeGreaterThan(seen.calls / 10);
    expect(seen.requests).toBeGreaterThan(seen.calls / 4);
    expect(seen.items).toBeGreaterThan(seen.calls / 20);
  }, 40_000);
});

/** The partitions in which a user's items lie, written out. */
function partitionsOf(user: string): string[] {
  return [`USER#${user}`, `REVIEW#${user}`, `OAUTH#${user}`];
}

// ---- What was sent

interface Sent {
  readonly Key?: Raw;
  readonly Item?: Raw;
  readonly Keys?: Raw[];
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, never>;
  readonly ExclusiveStartKey?: Raw;
  readonly UpdateExpression?: string;
}

/** What of a request lies outside the user's partitions. */
function problemsOf({ operation, input }: ObservedRequest, user: string): string[] {
  const problems: string[] = [];
  const check = (where: string, partition: unknown) => {
    if (!partitionsOf(user).includes(String(partition))) {
      problems.push(`${operation} ${where}: ${String(partition)}`);
    }
  };
  const one = (sent: Sent) => {
    for (const key of [sent.Key, ...(sent.Keys ?? [])]) {
      if (key !== undefined) check("Key", plain(key).PK);
    }
    if (sent.Item !== undefined) {
      const item = plain(sent.Item);
      check("Item", item.PK);
      if (item.GSI1PK !== undefined) checkIndex(item.GSI1PK, item.GSI1SK);
      for (const owner of ["userId", "agentId"]) {
        if (item[owner] !== undefined && item[owner] !== user) problems.push(`${owner} of an item`);
      }
    }
    if (sent.KeyConditionExpression !== undefined) query(sent);
    if (sent.UpdateExpression !== undefined) update(sent);
  };
  /** The index holds the dated entities under their user, and each review under its own id. */
  const checkIndex = (partition: unknown, sort: unknown) => {
    if (partition === `USER#${user}`) return;
    const ownReview = String(partition).startsWith("REVIEW#") && sort === `AGENT#${user}`;
    if (!ownReview) problems.push(`${operation} GSI1: ${String(partition)} / ${String(sort)}`);
  };
  const query = (sent: Sent) => {
    const { KeyConditionExpression = "", ExpressionAttributeNames: names = {} } = sent;
    const values = plain(sent.ExpressionAttributeValues ?? {});
    const match = /^(#\w+) = (:\w+)(?: and (#\w+) = (:\w+)$| and |$)/i.exec(KeyConditionExpression);
    const [, pk = "", partition = "", sk = "", sort = ""] = match ?? [];
    if (sent.IndexName === undefined) {
      if (names[pk] !== "PK") problems.push(`a query of ${KeyConditionExpression}`);
      check("query", values[partition]);
    } else {
      if (names[pk] !== "GSI1PK") problems.push(`a query of ${KeyConditionExpression}`);
      if (sk !== "" && names[sk] !== "GSI1SK") problems.push("a sort key that is none");
      checkIndex(values[partition], values[sort]);
    }
    if (sent.ExclusiveStartKey === undefined) return;
    const start = plain(sent.ExclusiveStartKey);
    check("ExclusiveStartKey", start.PK);
    if (start.GSI1PK !== undefined) checkIndex(start.GSI1PK, start.GSI1SK);
  };
  /** Attributes of the item itself that an update sets, by their values. */
  const update = ({ UpdateExpression = "", ExpressionAttributeNames: names = {}, ...sent }: Sent) => {
    const values = plain(sent.ExpressionAttributeValues ?? {});
    for (const [, name = "", value = ""] of UpdateExpression.matchAll(/(#\w+) = (:\w+)/g)) {
      const attribute = names[name];
      if (/^(userId|agentId)$/.test(attribute ?? "") && values[value] !== user) {
        // A path inside the payload has a `.` before its name.
        if (!UpdateExpression.includes(`.${name} = ${value}`)) problems.push(`sets ${attribute}`);
      }
      if (attribute === "GSI1PK") checkIndex(values[value], setTo("GSI1SK"));
    }
    function setTo(attribute: string): unknown {
      const name = Object.keys(names).find((placeholder) => names[placeholder] === attribute) ?? "";
      const match = new RegExp(`${name} = (?:if_not_exists\\(${name}, )?(:\\w+)`).exec(
        UpdateExpression,
      );
      return values[match?.[1] ?? ""];
    }
  };

  const { RequestItems, TransactItems } = input as {
    RequestItems?: Record<string, Sent | Record<string, Sent>[]>;
    TransactItems?: Record<string, Sent>[];
  };
  for (const batch of Object.values(RequestItems ?? {})) {
    if (Array.isArray(batch)) for (const entry of batch) Object.values(entry).forEach(one);
    else one(batch);
  }
  for (const entry of TransactItems ?? []) Object.values(entry).forEach(one);
  if (RequestItems === undefined && TransactItems === undefined) {
    const known = /^(GetItem|PutItem|UpdateItem|DeleteItem|Query)$/.test(operation);
    if (!known) problems.push(`${operation} is no request of a scope`);
    one(input as Sent);
  }
  return problems;
}

function plain(value: object): Raw {
  return unmarshall(value as Record<string, never>);
}

// ---- What came back

type Outcome = { value: unknown } | { error: unknown };

async function outcomeOf(call: () => unknown): Promise<Outcome> {
  try {
    const result = await call();
    if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) {
      return { value: result };
    }
    const items: unknown[] = [];
    for await (const item of result as AsyncIterable<unknown>) items.push(item);
    return { value: items };
  } catch (error) {
    return { error };
  }
}

/** Everything that can be reached from a result or an error, as text: causes and hidden items too. */
function textOf(outcome: Outcome): string {
  const texts: string[] = [];
  const found = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value === "string") texts.push(value);
    if (typeof value !== "object" || value === null || found.has(value)) return;
    found.add(value);
    for (const property of Reflect.ownKeys(value)) {
      visit(Reflect.getOwnPropertyDescriptor(value, property)?.value);
    }
  };
  visit(outcome);
  return texts.join("\n");
}

// ---- The attacks

interface Situation {
  readonly attacker: string;
  readonly victim: string;
  readonly cursors: ReadonlyMap<string, readonly string[]>;
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
  ),
);

/** Puts an owner beside a key's own part, in some way. */
const disguises: ((key: Raw, victim: string) => unknown)[] = [
  (key, victim) => ({ ...key, userId: victim }),
  (key, victim) => ({ userId: victim, agentId: victim, ...key }),
  (key, victim) => Object.assign(Object.create({ userId: victim, agentId: victim }) as Raw, key),
  (key, victim) => Object.setPrototypeOf({ ...key }, { userId: victim }),
  (key, victim) => ({ ...key, ...(JSON.parse(`{"__proto__":{"userId":${JSON.stringify(victim)}}}`) as Raw) }),
  (key, victim) => Object.defineProperty({ ...key }, "userId", { get: () => victim }),
  (key, victim) => Object.defineProperty({ ...key }, "agentId", { value: victim }),
  (key, victim) => new Proxy(key, { get: (own, name) => own[name as never] ?? victim, has: () => false }),
  (key, victim) => new Proxy(key, { get: (own, name) => own[name as never] ?? victim }),
  (key, victim) =>
    new Proxy(
      { ...key, userId: victim },
      { has: (_, name) => name !== "userId", getOwnPropertyDescriptor: () => undefined },
    ),
  (key, victim) => ({ ...key, PK: `USER#${victim}`, pk: `USER#${victim}`, "#pk": victim, __edb_e__: victim }),
  (key, victim) => ({ ...key, Key: { PK: `USER#${victim}` }, TableName: "other", key: { userId: victim } }),
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
    .map(([part, disguise, changes]): Hostile => (situation) => {
      const value = part(situation);
      const own: Raw = id === undefined ? {} : { [id]: value };
      const key =
        changes && id !== undefined ? changing(id, [value, situation.victim, "i2"]) : own;
      return disguise === undefined ? key : disguise(key, situation.victim);
    });

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
  ({ victim }) =>
    loose((data, op) => {
      const fake: Record<PropertyKey, unknown> = {};
      const write = (own: { names: object; values: object }) => {
        Object.assign(own.values ?? {}, { ":pk": `USER#${victim}`, ":sk1": "" });
        Object.assign(own.names ?? {}, { "#pk": "PK" });
        return "#pk";
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
        return all[position % all.length];
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
  fc.tuple(fc.constant("by"), anyOf<Hostile>(() => "createdAt", () => "key", () => "PK")),
  fc.tuple(fc.constant("order"), anyOf<Hostile>(() => "desc", () => "asc")),
  fc.tuple(fc.constant("from"), anyOf<Hostile>(() => 0, ({ victim }) => `0#USER#${victim}`)),
  fc.tuple(fc.constant("to"), anyOf<Hostile>(() => 9_999_999_999_999, () => 1e15)),
  fc.tuple(fc.constant("limit"), anyOf<Hostile>(() => 1, () => 2, () => 100)),
  fc.tuple(fc.constant("consistent"), anyOf<Hostile>(() => true)),
  fc.tuple(fc.constant("ifUpdatedAt"), anyOf<Hostile>(() => 1, ({ victim }) => ({ userId: victim }))),
  fc.tuple(
    fc.constant("set"),
    anyOf<Hostile>(
      () => [[["PK"], "USER#u2"]],
      () => [[["note", "..", "PK"], "x"]],
      ({ victim }) => [[["userId"], victim]],
    ),
  ),
  fc.tuple(fc.constant("remove"), anyOf<Hostile>(() => ["extra"], () => ["PK", ["userId"]])),
  fc.tuple(
    anyOf("userId", "agentId", "PK", "Key", "TableName", "params", "table", "partition"),
    anyOf<Hostile>(({ victim }) => victim, ({ victim }) => ({ PK: `USER#${victim}` })),
  ),
);

const options: fc.Arbitrary<Hostile<Raw>> = fc
  .array(option, { maxLength: 3 })
  .map((pairs): Hostile<Raw> => (situation) => {
    return Object.fromEntries(pairs.map(([name, value]) => [name, value(situation)]));
  });

/** What may be in a payload, and must stay there. */
const extraData: fc.Arbitrary<Hostile<Raw>> = anyOf<Hostile<Raw>>(
  () => ({}),
  ({ victim }) => ({ userId: victim, agentId: victim, id: victim }),
  ({ victim }) => ({ PK: `USER#${victim}`, SK: "PROFILE", GSI1PK: `USER#${victim}` }),
  ({ victim }) => ({ data: { userId: victim }, EntityType: "OAuthToken" }),
  ({ victim }) => ({ extra: { S: victim } }),
);

const storeCall: fc.Arbitrary<Build> = registered.chain((one) => {
  const key = keyFor(one.id);
  const calls: Record<string, (store: Record<string, Loose>, key: unknown, input: unknown, options: Raw, data: Raw) => unknown> = {
    get: (store, key, _, options) => store.get?.(key, options),
    getOrThrow: (store, key, _, options) => store.getOrThrow?.(key, options),
    query: (store, key, _, options) => store.query?.(key, options),
    queryAll: (store, _, __, options) => store.query?.({}, options),
    list: (store, key, _, options) => store.list?.(key, options),
    listAll: (store, _, __, options) => store.list?.({}, options),
    create: (store, _, input) => store.create?.(input),
    put: (store, _, input) => store.put?.(input),
    update: (store, key, _, options, data) => store.update?.(key, { note: "n", ...data }, options),
    delete: (store, key, _, options) => store.delete?.(key, options),
    check: (store, _, input) => store.check?.(input),
    batchGet: (store, key, _, options) => store.batchGet?.([key, { ...own() }, key], options),
    batchPut: (store, _, input) => store.batchPut?.([{ ...own(), data: payload() }, input]),
    batchDelete: (store, key) => store.batchDelete?.([{ ...own(), extra: 1 }, key]),
  };
  const own = () => (one.id === undefined ? {} : { [one.id]: "i1" });
  const payload = () => inputOf(one, "nobody", "i1").data;
  return fc
    .tuple(fc.constantFrom(...Object.keys(calls)), key, options, extraData)
    .map(([call, key, options, extra]): Build => (scope, situation) => {
      const store = scope[one.name] as unknown as Record<string, Loose>;
      const data = { ...payload(), note: secretOf(situation.attacker), ...extra(situation) };
      const given = key(situation);
      return calls[call]?.(store, given, withData(given, data), options(situation), data);
    });
});

/** An input: what names an item, its payload beside it, whatever kind of object it is. */
function withData(key: unknown, data: Raw): unknown {
  if ((typeof key !== "object" && typeof key !== "function") || key === null) return key;
  const input = new Proxy(key, {
    get: (own, name) => (name === "data" ? data : Reflect.get(own, name)),
  });
  return input;
}

const operation = fc
  .record({
    one: registered,
    key: idPart,
    disguise: fc.option(fc.constantFrom(...disguises), { nil: undefined, freq: 3 }),
    call: anyOf("create", "put", "update", "delete", "check", "get"),
    where,
    source: fc.oneof(
      { weight: 8, arbitrary: fc.constant("own") },
      { weight: 2, arbitrary: anyOf("captured", "forged") },
    ),
  })
  .map((parts) => parts);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const transaction: fc.Arbitrary<Build> = fc
  .tuple(anyOf("write" as const, "get" as const), fc.uniqueArray(operation, { minLength: 1, maxLength: 4, selector: ({ one }) => one.name }))
  .map(([kind, operations]): Build => (scope, situation) => {
    const make = (tx: object, { one, key, disguise, call, where }: Operation, owned?: Raw) => {
      const part: Raw = one.id === undefined ? {} : { [one.id]: key(situation) };
      const bare = { ...part, ...owned };
      const given = disguise === undefined || owned ? bare : disguise(bare, situation.victim);
      const ofEntity = (tx as Record<string, Record<string, Loose>>)[one.name];
      if (kind === "get") return ofEntity?.get?.(given);
      const input = withData(given, { ...inputOf(one, "nobody", "i1").data, note: "n" });
      if (call === "update") return ofEntity?.update?.(given, { note: "n" });
      if (call === "check") return ofEntity?.check?.(given, { where: where(situation) });
      return call === "create" || call === "put" ? ofEntity?.[call]?.(input) : ofEntity?.delete?.(given);
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
          const theirs = capture(situation.victim, kind, (foreign) => make(foreign, one));
          return theirs ?? forged;
        }
        return make(tx, one);
      }),
    );
  });

/** The whole layer, for operations that are made by another user's scope. */
let layer: { forUser(userId: string): UserScope } | undefined;

function capture(victim: string, kind: "write" | "get", make: (tx: object) => unknown): unknown {
  let operation: unknown;
  const sent = (layer?.forUser(victim).transaction[kind] as Loose)((tx: object) => {
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
    anyOf<(scope: Record<string, Record<string, Loose>>, given: unknown, id: unknown, data: Raw) => unknown>(
      (scope, given) => scope.collections?.workspace?.(given),
      (scope) => scope.collections?.workspace?.(),
      (scope, given) => scope.collections?.recent?.(given),
      (scope) => scope.collections?.recent?.({ limit: 5 }),
      (scope, given) => (scope as unknown as Record<string, Loose>).dashboard?.(given),
      (scope) => (scope as unknown as Record<string, Loose>).dashboard?.(),
      (scope) => (scope as unknown as Record<string, Loose>).brandAuditPage?.(),
      (scope, given) => scope.projects?.listWithContent?.(given),
      (scope) => scope.projects?.listWithContent?.(),
      (scope, given) => scope.projects?.deleteAndUnfile?.(given),
      (scope, _, id) => scope.projects?.deleteAndUnfile?.({ projectId: id }),
      (scope, given, _, data) => scope.profiles?.save?.(given, data),
      (scope, _, id, data) => scope.profiles?.save?.({ agentProfileId: id }, { name: "n", ...data }),
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
    ),
    keyFor("projectId"),
    idPart,
    options,
    extraData,
  )
  .map(([call, key, id, options, extra]): Build => (scope, situation) => {
    const given = key(situation);
    const withOptions =
      typeof given === "object" && given !== null && !Array.isArray(given)
        ? Object.assign(given, options(situation))
        : given;
    return call(scope as never, withOptions, id(situation), extra(situation));
  });

/** What a caller does to the scope itself, before a call. */
const tampered = (build: Build): Build => (scope, situation) => {
  Object.assign(scope, { userId: situation.victim, agentId: situation.victim });
  Object.assign(scope.savedContent, { owner: situation.victim, model: { fixed: {} } });
  return build(scope, situation);
};

const attack = fc
  .record({
    attacker: fc.constantFrom(...users),
    victim: fc.constantFrom(...users),
    build: fc.oneof(
      { weight: 6, arbitrary: storeCall },
      { weight: transactions ? 2 : 0, arbitrary: transaction },
      { weight: 3, arbitrary: useCase },
      { weight: 1, arbitrary: storeCall.map(tampered) },
    ),
  })
  .filter(({ attacker, victim }) => attacker !== victim);

/** Every call that the package has, found by looking at what it exports and at what a data layer is. */
import fc from "fast-check";
import { type DynamoDBRepository, EntityStore } from "../../src/index.js";
import { fixtures } from "../../src/testing/index.js";
import { type Registered, registry } from "../registry.js";
import {
  anything,
  callback,
  canary,
  listOf,
  numberOf,
  type Recipe,
  returning,
  shape,
  textOf,
} from "./junk.js";

export type Loose = (...given: unknown[]) => unknown;

/** A call, and what its arguments are when they are well. */
export interface EntryPoint {
  readonly path: string;
  call(...given: unknown[]): unknown;
  readonly given: readonly fc.Arbitrary<Recipe>[];
  /** Whether it may throw at once, in place of rejecting. */
  readonly throwsAtOnce?: boolean;
  /** Whether it calls a function of the caller's, whose errors it throws as they are. */
  readonly rethrows?: boolean;
}

const user = textOf("u1", "u1", "u2");
const id = textOf("i1", "i2", "main");
const secret = textOf(canary);
/** A token or a profile: what the use cases take. */
const payload = shape(
  {
    ...Object.fromEntries(
      ["name", "bio", "email", "accessToken", "refreshToken", "note"].map((name) => [name, secret]),
    ),
  },
  { map: anything },
);

/** The payload of an entity, each field as the fixture has it, and what no schema names. */
function payloadOf({ name }: Registered): fc.Arbitrary<Recipe> {
  const fields = Object.entries(fixtures[name].data).map(([field, json]) => [
    field,
    fc.constant({ json }),
  ]);
  return shape(Object.fromEntries(fields), { note: secret, map: anything });
}

const flags = {
  signal: anything,
  timeoutMs: numberOf(10_000, 1),
};

const where = fc.oneof(shape({ note: secret }, { name: anything }), callback);

/** What a refresh gives; a promise that never ends would be waited for. */
const refresh = fc.oneof(
  returning(shape({ accessToken: secret }, { refreshToken: secret, expiryDate: numberOf(1e15) })),
  anything.filter((recipe) => !JSON.stringify(recipe).includes("never ends")),
);

/** A cursor's fields, as a query makes them or not. */
const cursor = fc.oneof(
  fc
    .tuple(
      fc.constantFrom<unknown>(1, 1, 1, 2, "1", null),
      fc.constantFrom("Project", "SavedContent", "Review"),
      fc.constantFrom("key", "createdAt"),
      fc.constantFrom("asc", "desc"),
      fc.constantFrom("USER#u1", "USER#u2", "REVIEW#u1"),
      fc.oneof(fc.constantFrom("PROJECT#", "CONTENT#i1", "REVIEW#\u0000"), fc.string()),
      fc.oneof(fc.constantFrom("PROJECT#0000000000000#i1", "CONTENT#9"), fc.string()),
    )
    .map((fields) => ({ text: Buffer.from(JSON.stringify(fields)).toString("base64url") })),
  fc.json().map((json) => ({ text: Buffer.from(json).toString("base64url") })),
  textOf("", "W10", Buffer.from(`[1,${"[".repeat(10_000)}`).toString("base64url")),
);

const optionFields = {
  consistent: anything,
  fields: listOf(
    fc.oneof(
      textOf("name", "note", "a.b", "#0", "__proto__"),
      listOf(textOf("map", "a", "__proto__")),
    ),
  ),
  where,
  limit: numberOf(1, 2, 100),
  segments: numberOf(1, 3, 64),
  order: textOf("asc", "desc"),
  by: textOf("key", "createdAt"),
  cursor,
  from: numberOf(0),
  to: numberOf(1e12),
  startsWith: textOf("i", "", "#"),
  between: listOf(id),
  ifUpdatedAt: numberOf(1),
  set: listOf(listOf(anything)),
  remove: listOf(textOf("note", "constructor")),
  allowMissing: anything,
  exists: anything,
  secrets: textOf("mask", "reveal"),
  dryRun: anything,
};

/** Arguments of which every name is known: what else is in them is refused. */
const closed = new WeakSet<object>();

/** Whether an argument is an object, or a list of objects, that takes no name but those it knows. */
export function isClosed(argument: fc.Arbitrary<Recipe> | undefined): boolean {
  return argument !== undefined && closed.has(argument);
}

export function closedShape(...fields: Parameters<typeof shape>): fc.Arbitrary<Recipe> {
  const made = shape(...fields);
  closed.add(made);
  return made;
}

function closedList(element: fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> {
  const made = listOf(element);
  closed.add(made);
  return made;
}

/** The options of a call by their names, with its limits. */
function optionsOf(...names: (keyof typeof optionFields)[]): fc.Arbitrary<Recipe> {
  const own = Object.fromEntries(names.map((name) => [name, optionFields[name]]));
  return closedShape({}, { ...own, ...flags });
}

/** The same in a transaction, whose limits are its own. */
function unlimited(...names: (keyof typeof optionFields)[]): fc.Arbitrary<Recipe> {
  return closedShape({}, Object.fromEntries(names.map((name) => [name, optionFields[name]])));
}

const limits = closedShape({}, flags);

const keyOf = ({ owner, id: part }: Registered, scoped: boolean): fc.Arbitrary<Recipe> =>
  closedShape({ ...(!scoped && { [owner]: user }), ...(part !== undefined && { [part]: id }) });

const inputOf = (one: Registered, scoped: boolean): fc.Arbitrary<Recipe> => {
  const { owner, id: part } = one;
  return closedShape(
    {
      ...(!scoped && { [owner]: user }),
      ...(part !== undefined && { [part]: id }),
      data: payloadOf(one),
    },
    { createdAt: numberOf(0, 5) },
  );
};

/** What the calls of a store are given. */
function storeArguments(
  one: Registered,
  scoped: boolean,
): Record<string, readonly fc.Arbitrary<Recipe>[]> {
  const key = keyOf(one, scoped);
  const input = inputOf(one, scoped);
  const partition = closedShape(scoped ? {} : { [one.owner]: user });
  const reads = optionsOf("consistent", "fields");
  const selections = ["by", "where", "from", "to", "startsWith", "between", "consistent"] as const;
  const queries = optionsOf(...selections, "order", "limit", "cursor", "fields");
  const index = textOf("byReviewId");
  const parts = closedShape({ reviewId: id });
  const queriesBy = optionsOf("order", "limit", "cursor", "where", "fields", "between");
  return {
    get: [key, reads],
    getOrThrow: [key, reads],
    query: [partition, queries],
    list: [partition, queries],
    count: [partition, optionsOf(...selections)],
    countBy: [index, parts, optionsOf("where", "startsWith")],
    queryBy: [index, parts, queriesBy],
    listBy: [index, parts, queriesBy],
    scan: [optionsOf("segments", "where", "fields", "limit", "cursor", "consistent")],
    create: [input, limits],
    put: [input, limits],
    upsert: [input, limits],
    update: [key, payloadOf(one), optionsOf("set", "remove", "ifUpdatedAt", "where")],
    delete: [key, optionsOf("ifUpdatedAt", "where")],
    batchGet: [closedList(key), reads],
    batchPut: [closedList(input), optionsOf("allowMissing")],
    batchDelete: [closedList(key), limits],
    check: [input, unlimited("allowMissing")],
  };
}

/** The calls of the stores: their names are the class's own. */
function ofStores(layer: object, at: string, scoped: boolean): EntryPoint[] {
  const names = Object.getOwnPropertyNames(EntityStore.prototype).filter(
    // A scope has no call that reads what is of others, too.
    (name) => name !== "constructor" && !(scoped && name === "scan"),
  );
  return registry.flatMap((one) => {
    const known = storeArguments(one, scoped);
    // Of the twelve, only the review is in an index that is read by its name, and no user's is.
    const hasIndex = one.name === "review" && !scoped;
    const own = names.filter((name) => hasIndex || !name.endsWith("By"));
    return own.map((name): EntryPoint => {
      const given = known[name];
      if (given === undefined) throw new Error(`the fuzz tests do not know the call ${name}`);
      const store = (layer as Record<string, Record<string, Loose>>)[one.name];
      return {
        path: `${at}.${one.name}.${name}`,
        call: (...values) => store?.[name]?.(...values),
        given,
        throwsAtOnce: ["list", "listBy", "scan", "check"].includes(name),
      };
    });
  });
}

const unscoped: Readonly<Record<string, readonly fc.Arbitrary<Recipe>[]>> = {
  dashboard: [closedShape({ userId: user, agentId: user }), limits],
  brandAuditPage: [closedShape({ userId: user, agentId: user }), limits],
  "collections.workspace": [closedShape({ userId: user }), limits],
  "collections.recent": [
    closedShape(
      { userId: user, limit: numberOf(1, 5) },
      { fields: listOf(textOf("name")), ...flags },
    ),
  ],
  "projects.listWithContent": [closedShape({ userId: user }), limits],
  "projects.deleteAndUnfile": [closedShape({ userId: user, projectId: id }), limits],
  "profiles.save": [closedShape({ userId: user }, { agentProfileId: id }), payload, limits],
  "profiles.setPhoto": [
    closedShape({ userId: user }, { agentProfileId: id }),
    textOf("https://x"),
    limits,
  ],
  "reviews.byId": [id, limits],
  "reviews.deleteById": [id, limits],
  "reviews.newest": [user, numberOf(1, 3), limits],
  "reviews.ofAgents": [listOf(user), limits],
  "oauth.store": [user, id, payload, limits],
  "oauth.get": [user, id, limits],
  "oauth.isConnected": [user, id, limits],
  "oauth.validToken": [
    user,
    id,
    closedShape({ refresh }, { marginMs: numberOf(0), leaseMs: numberOf(1), ...flags }),
  ],
  "oauth.remove": [user, id, limits],
  "table.create": [limits],
  "table.describe": [limits],
  "table.wait": [limits],
  "transaction.write": [anything, closedShape({}, { ...flags, token: textOf("t", canary) })],
  "transaction.get": [anything, limits],
  forUser: [user],
  scope: [shape({ userId: user })],
  user: [user],
  "user.export": [optionsOf("secrets", "consistent")],
  "user.erase": [optionsOf("dryRun")],
};

/** What the calls beside the stores are given in a scope: no key, or one without the user. */
const scoped: typeof unscoped = {
  ...unscoped,
  dashboard: [limits],
  brandAuditPage: [limits],
  "collections.workspace": [limits],
  "collections.recent": [
    closedShape({ limit: numberOf(1, 5) }, { fields: listOf(textOf("name")), ...flags }),
  ],
  "projects.listWithContent": [limits],
  "projects.deleteAndUnfile": [closedShape({ projectId: id }), limits],
  "profiles.save": [closedShape({}, { agentProfileId: id }), payload, limits],
  "profiles.setPhoto": [closedShape({}, { agentProfileId: id }), textOf("https://x"), limits],
  "reviews.newest": [numberOf(1, 3), limits],
  "oauth.store": [id, payload, limits],
  "oauth.get": [id, limits],
  "oauth.isConnected": [id, limits],
  "oauth.validToken": [id, closedShape({ refresh }, flags)],
  "oauth.remove": [id, limits],
};

/** What is no entry point for a caller's values: the test's own, the table itself, ElectroDB's own. */
const leftOut = new Set([
  ...["service", "table.delete", "configuration", "stats", "close"],
  ...["engine", "wire", "changes", "expire"],
]);

/** Every call of a data layer or a scope. */
export function callsOf(layer: object, at: string): EntryPoint[] {
  const isScope = Object.hasOwn(layer, "userId");
  const known = isScope ? scoped : unscoped;
  const stores = new Set<string>(registry.map(({ name }) => name));
  const found: EntryPoint[] = ofStores(layer, at, isScope);
  const visit = (object: object, path: string) => {
    for (const name of Object.keys(object)) {
      const full = path === "" ? name : `${path}.${name}`;
      if (stores.has(full) || leftOut.has(full)) continue;
      const member: unknown = Reflect.get(object, name);
      if (typeof member === "function") {
        const given = known[full];
        if (given === undefined) throw new Error(`the fuzz tests do not know the call ${full}`);
        const call = (...values: unknown[]) => Reflect.apply(member, object, values);
        found.push({
          path: `${at}.${full}`,
          call,
          given,
          throwsAtOnce: ["forUser", "scope", "user", "user.export"].includes(full),
          rethrows: full.startsWith("transaction.") || full === "oauth.validToken",
        });
        if (full === "user") visit(Reflect.apply(member, object, ["u1"]) as object, full);
      } else if (typeof member === "object" && member !== null) visit(member, full);
    }
  };
  visit(layer, "");
  return found;
}

/** The operations of a transaction, each as a transaction of its own. */
export function operationsOf(layer: object, at: string): EntryPoint[] {
  const { transaction } = layer as { transaction: Record<"write" | "get", Loose> };
  const isScope = Object.hasOwn(layer, "userId");
  return registry.flatMap((one) => {
    const known = storeArguments(one, isScope);
    const key = keyOf(one, isScope);
    const own: typeof known = {
      ...known,
      get: [key],
      create: [inputOf(one, isScope)],
      put: [inputOf(one, isScope)],
      upsert: [inputOf(one, isScope)],
      update: [key, payloadOf(one), unlimited("set", "remove", "ifUpdatedAt", "where")],
      delete: [key, unlimited("ifUpdatedAt", "where")],
      check: [key, unlimited("exists", "ifUpdatedAt", "where")],
    };
    const operation = (kind: "write" | "get", name: string): EntryPoint => ({
      path: `${at}.transaction.${kind} of ${one.name}.${name}`,
      call: (...given) =>
        transaction[kind]((tx: Record<string, Record<string, Loose>>) => [
          tx[one.name]?.[name]?.(...given),
        ]),
      given: own[name] ?? [],
    });
    return [
      ...["create", "put", "upsert", "update", "delete", "check"].map((name) =>
        operation("write", name),
      ),
      operation("get", "get"),
    ];
  });
}

/** The calls of the generic repository: all of them, or it does not compile. */
export const repositoryArguments: Readonly<
  Record<keyof DynamoDBRepository, readonly fc.Arbitrary<Recipe>[]>
> = (() => {
  const pk = textOf("USER#u1");
  const sk = textOf("PROJECT#i1");
  const item = shape({
    PK: pk,
    SK: sk,
    EntityType: textOf("Project"),
    Data: payload,
    GSI1PK: pk,
    GSI1SK: sk,
  });
  const key = shape({ PK: pk, SK: sk });
  const cursor = shape({ PK: pk, SK: sk, GSI1PK: pk, GSI1SK: sk });
  const expression = {
    expressionAttributeNames: shape({ "#n": textOf("Data") }),
    expressionAttributeValues: shape({ ":v": secret }),
  };
  const filter = {
    filterExpression: textOf("attribute_exists(#n)", "#n = :v"),
    indexName: textOf("GSI1"),
    ...expression,
  };
  const page = { limit: numberOf(1), exclusiveStartKey: cursor, ...filter };
  const query = shape({ scanIndexForward: anything, ...page });
  const condition = {
    conditionExpression: textOf("attribute_exists(#n)"),
    ...expression,
  };
  const scan = shape({ segment: numberOf(0), segments: numberOf(1), ...page });
  const write = fc.oneof(
    shape({ create: item }),
    shape({ put: item, ...condition }),
    shape({ update: key, updates: payload, ...condition }),
    shape({ delete: key, ...condition }),
    shape({ check: key, ...condition }),
  );
  return {
    get: [pk, sk],
    getItem: [pk, sk],
    query: [pk, textOf("PROJECT#"), query],
    queryItems: [pk, textOf("PROJECT#"), query],
    queryBetween: [pk, textOf("PROJECT#"), textOf("PROJECT#z"), query],
    scan: [scan],
    scanItems: [scan],
    scanAll: [shape({ segments: numberOf(1), ...filter })],
    transactWrite: [listOf(write), shape({ token: textOf("order-1") })],
    put: [item],
    create: [pk, sk, textOf("Project", "Review"), payload, cursor],
    update: [pk, sk, payload, shape(condition)],
    delete: [pk, sk],
    batchGet: [listOf(key)],
    batchWrite: [listOf(item), listOf(key)],
  };
})();

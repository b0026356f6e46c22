/**
 * What a store sends is what ElectroDB would: both follow from one declaration. The stores build their
 * requests themselves (docs/architecture.md says why), so each of them is held against ElectroDB's own
 * `.params()`. What a store adds is left out on purpose: its conditions, and the values that it keeps.
 */
import { createDataLayer } from "../../src/index.js";
import { inputOf, keyOf, type Registered, registry, storeOf } from "../registry.js";

type Fields = Readonly<Record<string, unknown>>;

interface Request extends Fields {
  readonly TableName?: string;
  readonly Key?: Fields;
  readonly Item?: Fields;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Fields;
  readonly RequestItems?: Fields;
  readonly TransactItems?: readonly Readonly<Record<string, Request>>[];
}

const now = 1_735_689_612_345;
const createdAt = 1_700_000_000_001;
const odd = "a#b ${userId} ü";

const sent: Request[] = [];
/** Takes every request, and finds and refuses nothing. */
const client = {
  send: async ({ input }: { input: Request }) => {
    sent.push(input);
    const Responses = input.TransactItems?.map(() => ({})) ?? {};
    return { Attributes: { PK: "", SK: "" }, Items: [], Responses };
  },
};
const data = createDataLayer({
  environment: "local",
  tableName: "Requests",
  client: client as never,
  clock: { now: () => now },
  coalesce: false,
});
afterAll(() => data.close());
beforeEach(() => sent.splice(0));

/** The one request of a call. */
async function requestOf(call: () => Promise<unknown>): Promise<Request> {
  sent.splice(0);
  await call();
  expect(sent).toHaveLength(1);
  return sent[0] as Request;
}

/** A text of an expression with names and values in place of their placeholders. */
function resolved(text: string, request: Request): string {
  return text
    .replaceAll(/[#:]\w+/g, (placeholder) =>
      placeholder.startsWith("#")
        ? String(request.ExpressionAttributeNames?.[placeholder])
        : JSON.stringify(request.ExpressionAttributeValues?.[placeholder]),
    )
    .replaceAll(/\band\b/gi, "AND")
    .replaceAll(/\bbetween\b/gi, "BETWEEN");
}

/** The item that an update leaves if nothing is there: its key, and what it sets. */
function itemLeftBy(request: Request): Fields {
  const sets = (request.UpdateExpression ?? "").replace(/^SET /, "").replace(/ REMOVE .*$/, "");
  const assigned = sets.split(/, (?=#)/).map((set) => {
    const [, name = "", value = ""] =
      /^(#\w+) = (?:if_not_exists\(#\w+, )?(:\w+)\)?$/.exec(set) ?? [];
    return [
      request.ExpressionAttributeNames?.[name],
      request.ExpressionAttributeValues?.[value],
    ] as const;
  });
  for (const [name] of assigned) expect(name).toBeDefined();
  return { ...request.Key, ...Object.fromEntries(assigned) };
}

/** ElectroDB's chains, without an entity's own types. */
interface Chains {
  get(key: object): Chain;
  create(item: object): Chain;
  put(item: object): Chain;
  upsert(item: object): Chain;
  delete(key: object): Chain;
  patch(key: object): { set(changes: object): Chain };
  readonly query: {
    byKey(partition: object): Chain;
    byCreatedAt(partition: object): Chain & {
      gte(from: object): Chain;
      lte(to: object): Chain;
      between(from: object, to: object): Chain;
    };
  };
}
interface Chain {
  params(options?: object): Request;
}

describe.each(registry)("$name", (entity: Registered) => {
  const { owner, dated } = entity;
  const store = storeOf(data, entity);
  const chains = store.entity as unknown as Chains;
  const input = { ...inputOf(entity, odd, odd), createdAt };
  const key = keyOf(entity, input);
  /** What the store makes of the payload: ids that a key names stand in it too. */
  const stored = async () => (await requestOf(() => store.create(input))).Item?.Data;
  const item = async () => ({ ...input, data: await stored(), createdAt, updatedAt: now });

  test("get", async () => {
    const { TableName, Key } = await requestOf(() => store.get(key));
    expect({ TableName, Key }).toEqual(chains.get(key).params());
  });

  test("create", async () => {
    const { TableName, Item } = await requestOf(() => store.create(input));
    const expected = chains.create(await item()).params();
    expect({ TableName, Item }).toEqual({ TableName: "Requests", Item: expected.Item });
    expect(expected.TableName).toBe("Requests");
  });

  test("put", async () => {
    const request = await requestOf(() => store.put(input));
    const expected = await item();
    expect(request.TableName).toBe("Requests");
    expect(itemLeftBy(request)).toEqual(chains.put(expected).params().Item);
    expect(itemLeftBy(request)).toEqual(itemLeftBy(chains.upsert(expected).params()));
  });

  test("update", async () => {
    const request = await requestOf(() => store.update(key, { note: "changed" } as never));
    const own = request.UpdateExpression?.replace(/, #\w+\.#\w+ = :\w+$/, "") ?? "";
    expect(own).not.toBe(request.UpdateExpression);
    expect(resolved(request.UpdateExpression ?? "", request)).toContain('Data.note = "changed"');
    const electro = chains.patch(key).set({ updatedAt: now }).params();
    expect(request.TableName).toBe(electro.TableName);
    expect(request.Key).toEqual(electro.Key);
    // ElectroDB writes the entity's name again, which the store's condition asks for.
    const { EntityType, ...expected } = itemLeftBy(electro);
    expect(EntityType).toBe(entity.entity);
    expect(itemLeftBy({ ...request, UpdateExpression: own })).toEqual(expected);
    expect(Object.values(request.ExpressionAttributeValues ?? {})).toContain(entity.entity);
  });

  test("delete", async () => {
    const { TableName, Key } = await requestOf(() => store.delete(key));
    const electro = chains.delete(key).params();
    expect({ TableName, Key }).toEqual({ TableName: electro.TableName, Key: electro.Key });
  });

  test("batchGet, batchPut and batchDelete", async () => {
    const { RequestItems: got } = await requestOf(() => store.batchGet([key]));
    expect(got).toEqual({ Requests: { Keys: [chains.get(key).params().Key] } });
    const { RequestItems: put } = await requestOf(() => store.batchPut([input]));
    const { Item } = chains.put(await item()).params();
    expect(put).toEqual({ Requests: [{ PutRequest: { Item } }] });
    const { RequestItems: gone } = await requestOf(() => store.batchDelete([key]));
    const { Key } = chains.delete(key).params();
    expect(gone).toEqual({ Requests: [{ DeleteRequest: { Key } }] });
  });

  test("a transaction's operations", async () => {
    const { TransactItems = [] } = await requestOf(() =>
      data.transaction.write((tx) => {
        const own = tx[entity.name] as unknown as Record<string, (...given: unknown[]) => never>;
        const other = (id: string) => ({ ...inputOf(entity, `${odd}${id}`, odd), createdAt });
        return [
          own.create?.(input),
          own.put?.(other("put")),
          own.update?.(keyOf(entity, other("update")), { note: "changed" }),
          own.delete?.(keyOf(entity, other("delete"))),
          own.check?.(keyOf(entity, other("check"))),
        ] as never;
      }),
    );
    const keyWith = (id: string) => keyOf(entity, inputOf(entity, `${odd}${id}`, odd));
    const created = await item();
    const requests = TransactItems.map((one) => Object.entries(one)[0]);
    expect(requests.map(([kind] = ["", {}]) => kind)).toEqual([
      ...["Put", "Update", "Update", "Delete", "ConditionCheck"],
    ]);
    const [put, ...others] = requests.map(([, request] = ["", {}]) => request);
    expect(put?.Item).toEqual(chains.create(created).params().Item);
    expect(others.map(({ Key }) => Key)).toEqual(
      ["put", "update", "delete", "check"].map((id) => chains.get(keyWith(id)).params().Key),
    );
    const [afterPut] = others;
    const { data: given } = inputOf(entity, `${odd}put`, odd);
    const left = itemLeftBy(afterPut ?? {});
    expect(left).toMatchObject({ Data: given });
    const whole = { ...inputOf(entity, `${odd}put`, odd), createdAt, updatedAt: now };
    expect(left).toEqual(chains.put({ ...whole, data: left.Data }).params().Item);
    const { TransactItems: reads } = await requestOf(() =>
      data.transaction.get((tx) => [
        (tx[entity.name] as unknown as { get(key: object): never }).get(key),
      ]),
    );
    expect(reads).toEqual([{ Get: chains.get(key).params() }]);
  });

  test("query", async () => {
    const partition = { [owner]: odd };
    const { params } = chains.query.byKey(partition);
    const electro = params();
    const request = await requestOf(() => store.query(partition));
    expect(request.TableName).toBe(electro.TableName);
    // DynamoDB refuses an empty prefix; every item of such a partition is one of the entity's.
    const condition = resolved(electro.KeyConditionExpression ?? "", electro).replace(
      / AND begins_with\(SK, ""\)$/,
      "",
    );
    expect(resolved(request.KeyConditionExpression ?? "", request)).toBe(condition);
    const descending = await requestOf(() => store.query(partition, { order: "desc" } as never));
    expect(descending.ScanIndexForward).toBe(params({ order: "desc" }).ScanIndexForward);
  });

  if (dated) {
    test("query in order of creation", async () => {
      const partition = { [owner]: odd };
      const electro = chains.query.byCreatedAt(partition).params();
      const request = await requestOf(() => store.query(partition, { by: "createdAt" }));
      expect(request.IndexName).toBe(electro.IndexName);
      const conditionOf = (one: Request) => resolved(one.KeyConditionExpression ?? "", one);
      expect(conditionOf(request)).toBe(conditionOf(electro));
      const between = await requestOf(() => store.query(partition, { from: 1, to: createdAt }));
      const expected = chains.query
        .byCreatedAt(partition)
        .between({ createdAt: 1 }, { createdAt })
        .params();
      // The store's range ends after the last id of its last millisecond, ElectroDB's before the first.
      expect(conditionOf(between)).toBe(conditionOf(expected).replace(/"$/, '$"'));
    });
  }
});

test("collections.workspace", async () => {
  const request = await requestOf(() => data.collections.workspace({ userId: odd }));
  const native = data.service.collections.workspace({ userId: odd }).params<Request>();
  const conditionOf = (of: Request) => resolved(of.KeyConditionExpression ?? "", of);
  expect(conditionOf(request)).toBe(conditionOf(native));
  // ElectroDB names each entity's type in a condition of its own, twice; the facade's is a list of them.
  const typesIn = (of: Request) => {
    const filter = resolved(String(of.FilterExpression), of);
    return [...new Set(filter.match(/"\w+"/g))].sort();
  };
  expect(request.FilterExpression).toMatch(/^#1 IN \([^()]+\)$/);
  expect(typesIn(request)).toEqual(typesIn(native));
  expect(typesIn(request)).toHaveLength(10);
  expect(request.TableName).toBe(native.TableName);
});

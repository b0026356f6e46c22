/** Whatever lies in users' partitions and whatever fails: one user's is exported and erased, no other's is. */
import { BatchWriteCommand, paginateScan } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { isRetryableError } from "../../src/index.js";
import { engines } from "../engines.js";
import { bareClient, openTable } from "../open.js";
import { id, longEnough, tries } from "./arbitraries.js";

type Raw = Record<string, unknown> & { readonly PK: string; readonly SK: string };

/** The partitions of a user, written out. */
const partitionsOf = (user: string) => [`USER#${user}`, `REVIEW#${user}`, `OAUTH#${user}`];

const sortKey = fc.oneof(
  id,
  fc
    .tuple(fc.constantFrom("CONTENT#", "PROJECT#", "REVIEW#", "PROFILE"), id)
    .map(([prefix, rest]) => `${prefix}${rest}`),
);
const row = fc.record({
  partition: fc.nat(2),
  SK: sortKey,
  attributes: fc.oneof(
    fc.constantFrom("SavedContent", "Project", "Review", "OAuthToken", "Draft").map((name) => ({
      EntityType: name,
      Data: { accessToken: "canary", text: "t" },
      UpdatedAt: 1,
    })),
    fc.constant({}),
    fc.constant({ accessToken: "canary", UpdatedAt: "yesterday" }),
  ),
});

const scenario = fc.record({
  users: fc.uniqueArray(id, { minLength: 2, maxLength: 4 }),
  rows: fc.array(fc.tuple(fc.nat(3), row), { minLength: 1, maxLength: 70, size: "max" }),
  faults: fc.record({ seed: fc.nat(1_000_000), rate: fc.constantFrom(0, 0.1, 0.3) }),
});

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine, { retry: { maxRetries: 4, initialDelayMs: 0, maxDelayMs: 1 } });
  afterEach(() => table.data.wire.clear());
  let client: ReturnType<typeof bareClient>;
  beforeAll(() => {
    client = bareClient(table.data);
  });
  afterAll(() => client.destroy());

  async function scan(): Promise<Map<string, object>> {
    const { tableName: TableName } = table.data.configuration;
    const found = new Map<string, object>();
    for await (const { Items = [] } of paginateScan(
      { client },
      { TableName, ConsistentRead: true },
    )) {
      for (const item of Items) found.set(`${item.PK} / ${item.SK}`, item);
    }
    return found;
  }

  /** Whatever a failed run left would fail the ones that shrink it. */
  async function clear(): Promise<void> {
    const { tableName: TableName } = table.data.configuration;
    for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
      await write(Items.map(({ PK, SK }) => ({ DeleteRequest: { Key: { PK, SK } } })));
    }
  }

  /** Puts or deletes rows past the layer. */
  async function write(requests: readonly object[]): Promise<void> {
    const { tableName } = table.data.configuration;
    for (let start = 0; start < requests.length; start += 25) {
      const some = requests.slice(start, start + 25) as never[];
      const command = new BatchWriteCommand({ RequestItems: { [tableName]: some } });
      const { UnprocessedItems = {} } = await client.send(command);
      expect(UnprocessedItems).toEqual({});
    }
  }

  /** Calls it again for as long as what fails is the wire. */
  async function persistently<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (!isRetryableError(error) || attempt === 50) throw error;
      }
    }
  }

  test(
    "what is exported of a user is what is stored, and erasing leaves the others as they were",
    async () => {
      let faulty = 0;
      await fc.assert(
        fc.asyncProperty(scenario, async ({ users, rows, faults }) => {
          const { data } = table;
          data.wire.clear();
          await clear();
          const all = new Map<string, Raw>();
          for (const [owner, { partition, SK, attributes }] of rows) {
            const PK = partitionsOf(users[owner % users.length] as string)[partition] as string;
            all.set(`${PK} / ${SK}`, { PK, SK, ...attributes });
          }
          await write([...all.values()].map((Item) => ({ PutRequest: { Item } })));
          const before = await scan();
          expect([...before.keys()].toSorted()).toEqual([...all.keys()].toSorted());

          const [user = ""] = users;
          const own = [...all].filter(([, { PK }]) => partitionsOf(user).includes(PK));
          data.wire.random(faults);
          const exported = await persistently(async () => {
            const items: { readonly entity: string | null }[] = [];
            for await (const item of data.user(user).export()) items.push(item);
            return items;
          });
          expect(exported).toHaveLength(own.length);
          // In the items of other entities it is a field like any other.
          const secret = exported.filter(
            ({ entity }) => entity === null || entity === "oauthToken",
          );
          expect(JSON.stringify(secret)).not.toContain("canary");
          const counted = await persistently(() => data.user(user).erase({ dryRun: true }));
          expect(counted.erased).toBe(own.length);
          const undeclared = exported.filter(({ entity }) => entity === null).length;
          expect(counted.undeclared).toBe(undeclared);

          const { left } = await persistently(() => data.user(user).erase());
          expect(left).toBe(0);
          faulty += data.wire.requests.filter(({ fault }) => fault !== undefined).length;
          data.wire.clear();
          const after = await scan();
          for (const [key] of own) before.delete(key);
          expect(after).toEqual(before);
        }),
        tries(12),
      );
      expect(faulty).toBeGreaterThan(5);
    },
    longEnough,
  );
});

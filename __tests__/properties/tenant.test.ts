/**
 * Attempts to get out of a user's scope: random calls with hostile arguments, on a table where other
 * users' items lie, whose ids begin alike or look like keys, over a wire that fails meanwhile. What
 * each call sent and gave back is compared with what is the user's, and after some calls the rest of
 * the table with what it was. IAM, with the user's policy, would have let the same requests pass.
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { createDataLayer, type DataLayer, iamPolicy } from "../../src/index.js";
import {
  type FaultRule,
  FaultyRequestHandler,
  type ObservedRequest,
} from "../../src/testing/index.js";
import { askedBy, isAllowed } from "../admin/iam-evaluator.js";
import { engines } from "../engines.js";
import { bareClient, openTable } from "../open.js";
import { inputOf, registry, storeOf } from "../registry.js";
import { longEnough, tries } from "./arbitraries.js";
import { attacks, itemIds, type Page, secretOf, tokenProviders, users } from "./tenant-attacks.js";
import { partitionsOf, problemsOf } from "./tenant-wire.js";

type Raw = Record<string, unknown>;

const [engine] = engines;
if (engine === undefined) throw new Error("there is no engine");

const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/${table}`;

/** Whether IAM would let a request pass for a user whose session is tagged with their id. */
function passesIam(request: ObservedRequest, tableName: string, user: string): boolean {
  const policy = iamPolicy({ tableArn: arnOf(tableName) });
  return isAllowed(policy, askedBy(request, arnOf), { "aws:PrincipalTag/userId": user });
}

describe(`the scope of a user on ${engine.name}, under attack`, () => {
  const table = openTable(engine);
  /** An attacker has a data layer of their own: what still goes out after a call is known as theirs. */
  const layers = new Map<string, { data: DataLayer; wire: FaultyRequestHandler }>();
  const layerOf = (attacker: string) => {
    let layer = layers.get(attacker);
    if (layer === undefined) {
      const { endpoint, region, credentials } = table.data.engine;
      const { tableName } = table.data.configuration;
      const wire = new FaultyRequestHandler();
      const place = {
        environment: "development",
        endpoint,
        region,
        credentials,
        tableName,
      } as const;
      const retry = { maxRetries: 2, initialDelayMs: 0 };
      layer = { data: createDataLayer({ ...place, requestHandler: wire, retry }), wire };
      layers.set(attacker, layer);
    }
    return layer;
  };
  const befall = (attacker: string, mishap: FaultRule | undefined) => {
    const { wire } = layerOf(attacker);
    late.push(...wire.requests);
    wire.clear();
    if (mishap !== undefined) wire.inject(mishap);
  };
  const late: ObservedRequest[] = [];
  afterAll(async () => {
    for (const { data } of layers.values()) await data.close();
  });
  let scan: () => Promise<Raw[]>;
  /** Cursors that the layer gave to each user. */
  const cursors = new Map<string, Page[]>();

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
      const own: Page[] = [];
      for (const registered of registry) {
        const store = storeOf(table.data, registered);
        for (const by of registered.dated ? (["key", "createdAt"] as const) : (["key"] as const)) {
          for (const order of ["asc", "desc"] as const) {
            const partition = { [registered.owner]: user };
            const options = { limit: 1, by, order };
            const { cursor } = await store.query(partition, options);
            if (cursor === null) continue;
            own.push({ name: registered.name, by, order, cursor });
            const { previous } = await store.query(partition, { ...options, cursor });
            if (previous === null) throw new Error("a second page has one before it");
            own.push({ name: registered.name, by, order, cursor: previous });
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
        const page = await client.send(
          new ScanCommand({ TableName, ExclusiveStartKey, ConsistentRead: true }),
        );
        items.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return items;
    };
  });

  /** The whole table: each item as a text, under its partition and its key. */
  async function snapshot(): Promise<Map<string, Map<string, string>>> {
    const table = new Map<string, Map<string, string>>();
    for (const item of await scan()) {
      const partition = table.get(String(item.PK)) ?? new Map<string, string>();
      table.set(String(item.PK), partition.set(String(item.SK), canonical(item)));
    }
    return table;
  }

  test("every user has items before it begins", async () => {
    const items = await scan();
    for (const user of users) {
      const own = items.filter((item) => partitionsOf(user).includes(String(item.PK)));
      expect(own).toHaveLength(1 + 10 * itemIds.length + tokenProviders.length);
      expect(JSON.stringify(own)).toContain(secretOf(user));
    }
    expect(cursors.get("u1")?.length).toBeGreaterThan(20);
  });

  test(
    "no call reaches another user's partition, gives their items or changes them",
    async () => {
      let before = await snapshot();
      const seen = { calls: 0, answered: 0, refused: 0, requests: 0, items: 0, mishaps: 0 };
      const { tableName } = table.data.configuration;
      await fc.assert(
        fc.asyncProperty(attacks, async ({ attacker, calls }) => {
          const { data, wire } = layerOf(attacker);
          for (const { victim, build, mishap } of calls) {
            befall(attacker, mishap);
            const theirs = data.forUser(victim);
            const situation = { attacker, victim, theirs, cursors };
            const outcome = await outcomeOf(() => build(data.forUser(attacker), situation));
            const requests = wire.requests.splice(0);
            // A use case rejects with its first failure: what else it sends is sent before this is.
            befall(attacker, undefined);
            await data.userProfile.get({ userId: "nobody" });
            requests.push(...wire.requests.splice(0).filter((request) => !isOfNobody(request)));
            // And what an earlier call of the same user's sent late.
            requests.push(...late.splice(0));

            const problems = requests.flatMap((request) => problemsOf(request, attacker));
            expect(problems).toEqual([]);
            const refused = requests.filter((request) => !passesIam(request, tableName, attacker));
            expect(refused).toEqual([]);
            const open = requests.filter((request) => passesIam(request, tableName, victim));
            expect(open).toEqual([]);
            seen.mishaps += requests.filter(({ fault }) => fault !== undefined).length;
            const told = textOf(outcome);
            for (const other of users) {
              if (other !== attacker) expect(told).not.toContain(secretOf(other));
            }

            seen.calls += 1;
            seen.requests += requests.length;
            if ("value" in outcome) seen.answered += 1;
            else seen.refused += 1;
            if (told.includes(secretOf(attacker))) seen.items += 1;
          }
          const after = await snapshot();
          const changed = differences(before, after);
          before = after;
          expect(changed.filter((key) => !partitionsOf(attacker).includes(key))).toEqual([]);
        }),
        tries(20),
      );
      // The attacks are not all refused at the door: many are sent, and give the attacker's own items.
      expect(seen.calls).toBeGreaterThan(160);
      expect(seen.answered).toBeGreaterThan(seen.calls / 5);
      expect(seen.refused).toBeGreaterThan(seen.calls / 10);
      expect(seen.requests).toBeGreaterThan(seen.calls / 4);
      expect(seen.items).toBeGreaterThan(seen.calls / 20);
      expect(seen.mishaps).toBeGreaterThan(seen.calls / 10);
    },
    longEnough,
  );
});

/** The get that is sent after each call, to wait for what the call still sends. */
function isOfNobody({ input }: ObservedRequest): boolean {
  return JSON.stringify(input.Key) === '{"PK":{"S":"USER#nobody"},"SK":{"S":"PROFILE"}}';
}

// ---- What came back

/** A text that is the same for the same value: engines give attributes in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

type Snapshot = Map<string, Map<string, string>>;

/** The partitions whose items are not the same. */
function differences(before: Snapshot, after: Snapshot): string[] {
  const text = (items: Map<string, string> = new Map()) => canonical(Object.fromEntries(items));
  const partitions = new Set([...before.keys(), ...after.keys()]);
  return [...partitions].filter((one) => text(before.get(one)) !== text(after.get(one)));
}

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

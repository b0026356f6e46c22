/** Another user's data, tried through every exposed call and judged by the requests that reach the engine. */
import { type DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { fixtures } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { bareClient, openTable } from "../open.js";
import { inputOf, oneOfEachKind, registry, storeOf } from "../registry.js";
import {
  argumentsFor,
  type Call,
  called,
  cursorSecret,
  errorOf,
  handlerOf,
  ownPartitions,
  partitionsOf,
  reads,
  requestOf,
  sent,
  textOf,
  valueFrom,
  writes,
} from "./serving.js";

const calls = [...reads, ...writes];

/** Ways to name an owner in an argument. */
const namings: Readonly<Record<string, object>> = {
  userId: { userId: "victim" },
  agentId: { agentId: "victim" },
  "both, and the attacker's own": { userId: "me", agentId: "victim" },
  "an own member named __proto__": JSON.parse('{"__proto__":{"userId":"victim"}}') as object,
  "a constructor": { constructor: { prototype: { userId: "victim" } } },
  "physical names": { PK: "USER#victim", SK: "PROFILE", GSI1PK: "USER#victim" },
  undefined: { userId: undefined, agentId: undefined },
};

/** Entities whose keys have the same parts are told apart by nothing that a handler looks at. */
const cases = registry.map((one) => {
  const some = ["both, and the attacker's own", "physical names"];
  return { ...one, namings: oneOfEachKind.includes(one) ? Object.keys(namings) : some };
});

// What a handler asks for is decided before the engine: which one is behind it makes no difference.
describe.each(engines.slice(0, 1))("a handler on $name", ({ engine }) => {
  const table = openTable({ name: engine, engine, cursorSecret });
  const open = () => handlerOf(table.data);
  let bare: DynamoDBDocumentClient;
  beforeAll(async () => {
    bare = bareClient(table.data);
    for (const one of registry) {
      await storeOf(table.data, one).put(inputOf(one, "victim", "i1"));
      await storeOf(table.data, one).put(inputOf(one, "me", "i1"));
    }
  });
  afterAll(() => bare.destroy());
  /** Everything in the victim's partitions, as it is in the table. */
  async function stored(): Promise<unknown[]> {
    const pages = ownPartitions("victim").map((partition) =>
      bare.send(
        new QueryCommand({
          TableName: table.data.configuration.tableName,
          KeyConditionExpression: "PK = :pk",
          ExpressionAttributeValues: { ":pk": partition },
          ConsistentRead: true,
        }),
      ),
    );
    const items = (await Promise.all(pages)).flatMap(({ Items = [] }) => Items);
    expect(items.length).toBeGreaterThanOrEqual(registry.length);
    return items;
  }

  beforeEach(() => table.data.wire.clear());

  describe.each(cases)("$name", (one) => {
    const { name, id } = one;
    const rest = id === undefined ? {} : { [id]: "i1" };
    const { data } = fixtures[name];
    let before: unknown[];
    beforeAll(async () => {
      before = await stored();
    });

    test.each(one.namings)("no call reaches another owner's items, named by %s", async (by) => {
      const naming = namings[by] ?? {};
      const given = {
        key: { ...rest, ...naming },
        partition: naming,
        item: { ...rest, ...naming, data },
      };
      const plain: Call[] = [];
      const withOptions: Call[] = [];
      for (const call of calls) {
        const input = argumentsFor(one, call, given);
        plain.push({ store: name, call, input });
        const options = { ...naming, where: naming };
        withOptions.push({ store: name, call, input: [...input.slice(0, 1), options] });
      }
      for (const all of [plain, withOptions]) {
        expect(await called(open(), all)).toHaveLength(calls.length);
      }
      for (const partition of partitionsOf(table.data)) {
        expect(ownPartitions("me")).toContain(partition);
      }
    });

    test("none of these calls changed another owner's items", async () => {
      expect(await stored()).toEqual(before);
    });

    test("calls without an owner reach the own items, in the own partitions alone", async () => {
      const given = { key: rest, partition: {}, item: { ...rest, data } };
      for (const call of ["get", "query", "put", "update", "batchGet"]) {
        const input = argumentsFor(one, call, given);
        table.data.wire.clear();
        await valueFrom(open(), { store: name, call, input });
        const reached = partitionsOf(table.data);
        expect(reached.length).toBeGreaterThan(0);
        for (const partition of reached) expect(ownPartitions("me")).toContain(partition);
      }
    });

    test("a cursor of another user's is refused before anything is sent", async () => {
      await storeOf(table.data, one).put(inputOf(one, "victim", "i2"));
      const page = { store: name, call: "query", input: [{}, { limit: 1 }] };
      const { cursor } = (await valueFrom(open(), page, { user: "victim" })) as { cursor: unknown };
      table.data.wire.clear();
      // A partition of one item has no second page.
      if (id === undefined) return expect(cursor).toBeNull();
      expect(typeof cursor).toBe("string");
      const stolen = { ...page, input: [{}, { limit: 1, cursor }] };
      const { code, issues } = await errorOf(open(), stolen);
      expect([code, issues?.map(({ path }) => path)]).toEqual(["ValidationException", ["cursor"]]);
      expect(table.data.wire.requests).toEqual([]);
    });
  });

  test.each([
    [{ store: "dashboard", call: "dashboard" }, 0],
    [{ store: "brandAuditPage", call: "brandAuditPage" }, 0],
    [{ store: "projects", call: "listWithContent" }, 0],
    [{ store: "projects", call: "deleteAndUnfile" }, 1],
    [{ store: "profiles", call: "save" }, 2],
    [{ store: "profiles", call: "setPhoto" }, 2],
    [{ store: "reviews", call: "byId" }, 1],
    [{ store: "reviews", call: "deleteById" }, 1],
    [{ store: "reviews", call: "newest" }, 1],
    [{ store: "oauth", call: "isConnected" }, 1],
    [{ store: "oauth", call: "remove" }, 1],
    [{ store: "collections", call: "workspace" }, 0],
    [{ store: "collections", call: "recent" }, 0],
  ] as const)("the use case %j stays with its own user", async (call, before) => {
    const owners = [{ userId: "victim" }, { agentId: "victim" }, { userId: "me" }];
    const state = await stored();
    table.data.wire.clear();
    for (const owner of owners) {
      const inputs = [
        [owner, owner, owner],
        [{ ...owner, projectId: "i1", agentProfileId: "i1", limit: 2 }, { name: "x" }, owner],
        ["i1", owner],
        ["victim", {}],
        [3, owner],
      ].map((input) => ({ ...call, input: input.slice(0, before + 1) }));
      expect(await called(open(), inputs)).toHaveLength(inputs.length);
    }
    for (const partition of partitionsOf(table.data)) {
      expect(ownPartitions("me")).toContain(partition);
    }
    expect(await stored()).toEqual(state);
  });

  test("no header and no part of the address says who the user is", async () => {
    const text = textOf([{ store: "project", call: "query", input: [{}] }]);
    const request = requestOf(text, {
      headers: { "x-user-id": "victim", "x-forwarded-user": "victim", cookie: "userId=victim" },
    });
    const elsewhere = new Request(`${request.url}/victim?userId=victim`, request);
    await sent(open(), elsewhere);
    expect(partitionsOf(table.data)).toEqual(["USER#me"]);
  });

  test("a request without a user is refused before its body is read", async () => {
    for (const user of ["", undefined]) {
      const request = requestOf(textOf([{ store: "project", call: "query", input: [] }]), {
        user: "",
      });
      const handler = handlerOf(table.data, { authenticate: async () => user });
      const { status, error } = await sent(handler, request);
      expect([status, error?.code]).toEqual([401, "MissingAuthenticationToken"]);
      expect(request.bodyUsed).toBe(false);
    }
    expect(table.data.wire.requests).toEqual([]);
  });

  test("a mutation's id is its user's own: another one's does not answer it", async () => {
    const id = "00000000-0000-4000-8000-000000000001";
    const call = (name: string) => ({
      ...{ store: "project", call: "create", id },
      input: [{ projectId: "shared", data: { name } }],
    });
    await valueFrom(open(), call("of the victim"), { user: "victim" });
    const own = (await valueFrom(open(), call("of mine"))) as { data: { name: string } };
    expect(own.data.name).toBe("of mine");
    const theirs = await table.data.project.get({ userId: "victim", projectId: "shared" });
    expect(theirs?.data.name).toBe("of the victim");
  });
});

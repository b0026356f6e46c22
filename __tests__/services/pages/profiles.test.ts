import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../../src/errors/throughput-exceeded-error.js";
import { TransactionCanceledError } from "../../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { make, type TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { cancelled, Recorder, refused } from "../recorder.js";

const frozen = 1_700_000_000_000;
const photoURL = "https://example.com/new.jpg";

describe.each(engines)("profiles on $name", (engine) => {
  const clock = { time: frozen, now: () => clock.time };
  const wire = new Recorder();
  const table = openTable(engine, {
    requestHandler: wire,
    clock,
    retry: { initialDelayMs: 1, maxRetries: 1 },
  });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    clock.time = frozen;
    users += 1;
    userId = `user-${users}`;
  });

  describe("save", () => {
    test("creates an agent profile by 2 requests and merges into it by 1", async () => {
      const key = { userId, agentProfileId: "main" };
      const first = await data.profiles.save(key, { name: "Ana", phone: "1" });
      expect(wire.names).toEqual(["UpdateItem", "PutItem"]);
      expect(first).toEqual({
        ...key,
        data: { id: "main", name: "Ana", phone: "1" },
        createdAt: frozen,
        updatedAt: frozen,
      });
      wire.clear();
      clock.time += 1;
      const second = await data.profiles.save(key, { bio: "Bio", phone: undefined });
      expect(wire.names).toEqual(["UpdateItem"]);
      expect(second).toEqual({
        ...first,
        data: { id: "main", name: "Ana", phone: "1", bio: "Bio" },
        updatedAt: frozen + 1,
      });
      expect(await data.realEstateAgentProfile.get(key)).toEqual(second);
    });

    test("the key tells which profile is meant: without an agent profile's id it is the user's own", async () => {
      const saved = await data.profiles.save({ userId }, { email: "ana@example.com" });
      expect(saved).toMatchObject({ userId, data: { id: userId, email: "ana@example.com" } });
      await data.profiles.save({ userId }, { displayName: "Ana" });
      expect((await data.userProfile.get({ userId }))?.data).toEqual({
        id: userId,
        email: "ana@example.com",
        displayName: "Ana",
      });
      expect((await data.realEstateAgentProfile.query({ userId })).items).toEqual([]);
    });

    test("20 saves of a new profile at once lose no field, though the clock stands still", async () => {
      const key = { userId, agentProfileId: "main" };
      const saved = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          data.profiles.save(key, { [`field${index}`]: index }),
        ),
      );
      const fields = Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [`field${index}`, index]),
      );
      const profile = await data.realEstateAgentProfile.get(key, { consistent: true });
      expect(profile?.data).toEqual({ id: "main", ...fields });
      expect(new Set(saved.map((item) => item.updatedAt)).size).toBe(20);
      expect(profile?.createdAt).toBe(frozen);
    });

    test("saves into an old profile without a payload", async () => {
      await table.raw.put({ PK: `USER#${userId}`, SK: "PROFILE", EntityType: "UserProfile" });
      const saved = await data.profiles.save({ userId }, { email: "a@b.c" });
      expect(saved.data).toEqual({ id: userId, email: "a@b.c" });
    });

    test("goes on where the profile comes and goes meanwhile, and gives up at last", async () => {
      const key = { userId, agentProfileId: "main" };
      let updates = 0;
      wire.intercept = ({ operation }) => {
        if (operation !== "UpdateItem") return undefined;
        updates += 1;
        return updates <= 2 ? refused("ConditionalCheckFailedException") : undefined;
      };
      await data.realEstateAgentProfile.create({ ...key, data: { name: "Ana" } });
      const saved = await data.profiles.save(key, { bio: "Bio" });
      expect(saved.data).toEqual({ id: "main", name: "Ana", bio: "Bio" });
      wire.intercept = ({ operation }) =>
        operation === "GetItem" ? undefined : refused("ConditionalCheckFailedException");
      const before = wire.names.length;
      const error = await failureOf(data.profiles.save(key, { bio: "Bio" }), DynamoDBError);
      // As many rounds as any write takes; a refused create is asked what it met.
      const writes = wire.names.slice(before).filter((name) => name !== "GetItem");
      expect(writes).toEqual(Array(4).fill(["UpdateItem", "PutItem"]).flat());
      expect(error).toMatchObject({ code: "WriteContention", retryable: true });
      expect(error.message).toBe(
        `profiles.save RealEstateAgentProfile (userId=${userId}, agentProfileId=main): other callers wrote the item 8 times in a row`,
      );
    });

    test("refuses what is wrong before anything is sent", async () => {
      const wrong: [unknown, unknown][] = [
        [{ userId }, {}],
        [{ userId }, { email: undefined }],
        [{ userId }, undefined],
        [{ userId }, { email: 5 }],
        [{ userId, agentProfileId: undefined }, { name: "n" }],
        [{ userId, agentProfileId: "" }, { name: "n" }],
        [{ userId: "" }, { email: "e" }],
        [undefined, { email: "e" }],
        [null, { email: "e" }],
        [{ userId }, { displayName: new Date() }],
      ];
      for (const [key, fields] of wrong) {
        await failureOf(data.profiles.save(key as never, fields as never), ValidationError);
      }
      expect(wire.names).toEqual([]);
    });
  });

  describe("save of bad input", () => {
    const agent = () => ({ userId, agentProfileId: "main" });
    test.each<[string, () => unknown, unknown, { path: string; message: string }]>([
      ["no field", () => ({ userId }), {}, { path: "data", message: "has no field to save" }],
      [
        "only undefined",
        () => ({ userId }),
        { email: undefined },
        { path: "data", message: "has no field to save" },
      ],
      [
        "a field of another type",
        () => ({ userId }),
        { email: 5 },
        { path: "data.email", message: expect.stringMatching(/string/) },
      ],
      [
        "a value that cannot be stored",
        agent,
        { name: "n", extra: new Map() },
        { path: "data.extra", message: expect.stringMatching(/must be/) },
      ],
      ["no payload", agent, undefined, { path: "data", message: expect.any(String) }],
      [
        "an empty id",
        () => ({ userId, agentProfileId: "" }),
        { name: "n" },
        { path: "agentProfileId", message: expect.any(String) },
      ],
    ])("%s: the error names this call and its own argument", async (_, key, fields, issue) => {
      const given = key() as { userId: string; agentProfileId?: string };
      const error = await failureOf(
        data.profiles.save(given as never, fields as never),
        ValidationError,
      );
      const entity = "agentProfileId" in given ? "RealEstateAgentProfile" : "UserProfile";
      expect(error).toMatchObject({ operation: "profiles.save", entity, mayHaveBeenDone: false });
      expect(error.issues).toContainEqual(issue);
      expect(error.issues.every(({ path }) => /^(data|agentProfileId)/.test(path))).toBe(true);
      const parts = Object.entries(given).map(([name, value]) => `${name}=${value}`);
      expect(error.message).toMatch(`profiles.save ${entity} (${parts.join(", ")}): ${issue.path}`);
      expect(wire.names).toEqual([]);
    });

    test("a failure at the engine names this call too (it was update, or create)", async () => {
      for (const operation of ["UpdateItem", "PutItem"] as const) {
        wire.clear().inject({ fault: "throttle", operation, times: Number.POSITIVE_INFINITY });
        const saving = data.profiles.save({ userId }, { email: "a@b.c" });
        const error = await failureOf(saving, ThroughputExceededError);
        expect(error.operation).toBe("profiles.save");
        expect(error.message).toMatch(`profiles.save UserProfile (userId=${userId}): `);
      }
    });
  });

  describe("setPhoto", () => {
    const withTransactions = engine.engine === "dynalite" ? test.skip : test;
    const agentKey = () => ({ userId, agentProfileId: "main" });
    const photos = async () => [
      (await data.userProfile.get({ userId }))?.data,
      (await data.realEstateAgentProfile.get(agentKey()))?.data,
    ];

    withTransactions.each([
      { user: true, agent: true, requests: 1 },
      { user: true, agent: false, requests: 2 },
      { user: false, agent: true, requests: 2 },
      { user: false, agent: false, requests: 2 },
    ])(
      "user's profile there: $user, agent's: $agent: $requests transactions",
      async ({ user, agent, requests }) => {
        if (user) await data.userProfile.create(make.userProfile({ userId }));
        if (agent)
          await data.realEstateAgentProfile.create({ ...agentKey(), data: { name: "Ana" } });
        wire.clear();
        clock.time += 1;
        await data.profiles.setPhoto({ userId }, photoURL);
        expect(wire.names).toEqual(Array(requests).fill("TransactWriteItems"));
        expect(await photos()).toEqual([
          { id: userId, ...(user && make.userProfile({ userId }).data), photoURL },
          { id: "main", ...(agent && { name: "Ana" }), photoURL },
        ]);
        wire.clear();
        clock.time += 1;
        await data.profiles.setPhoto({ userId, agentProfileId: "main" }, `${photoURL}?2`);
        expect(wire.names).toEqual(["TransactWriteItems"]);
      },
    );

    withTransactions("another agent profile is another", async () => {
      await data.profiles.setPhoto({ userId, agentProfileId: "second" }, photoURL);
      expect((await photos())[1]).toBeUndefined();
      const second = await data.realEstateAgentProfile.get({ userId, agentProfileId: "second" });
      expect(second?.data.photoURL).toBe(photoURL);
    });

    withTransactions("10 at once agree on one photo, all or nothing", async () => {
      const urls = Array.from({ length: 10 }, (_, index) => `${photoURL}?${index}`);
      await Promise.all(urls.map((url) => data.profiles.setPhoto({ userId }, url)));
      const [user, agent] = await photos();
      expect(urls).toContain(user?.photoURL);
      expect(agent?.photoURL).toBe(user?.photoURL);
    });

    withTransactions(
      "a conflict is waited for, and nothing is half-written when it does not end",
      async () => {
        await data.userProfile.create(make.userProfile({ userId }));
        const before = await photos();
        wire.intercept = () => cancelled("TransactionConflict", "None");
        const error = await failureOf(
          data.profiles.setPhoto({ userId }, photoURL),
          TransactionCanceledError,
        );
        expect(error.retryable).toBe(true);
        wire.clear();
        expect(await photos()).toEqual(before);
        // A conflict beside a profile that is not there.
        let first = true;
        wire.intercept = () => {
          if (!first) return undefined;
          first = false;
          return cancelled("TransactionConflict", "ConditionalCheckFailed");
        };
        clock.time += 1;
        await data.profiles.setPhoto({ userId }, photoURL);
        expect((await photos())[1]).toEqual({ id: "main", photoURL });
      },
    );

    withTransactions("gives up where the profiles come and go all the time", async () => {
      wire.intercept = ({ operation }) =>
        operation === "TransactWriteItems"
          ? cancelled("ConditionalCheckFailed", "ConditionalCheckFailed")
          : undefined;
      const saving = data.profiles.setPhoto({ userId }, photoURL);
      const error = await failureOf(saving, TransactionCanceledError);
      expect(error.retryable).toBe(true);
      expect(error.message).toContain("other callers wrote its items 8 times in a row");
    });

    test("refuses what is wrong before anything is sent", async () => {
      const wrong: [unknown, unknown][] = [
        [{ userId: "" }, photoURL],
        [{}, photoURL],
        [{ userId, agentProfileId: "" }, photoURL],
        [{ userId }, undefined],
        [{ userId }, 5],
        [undefined, photoURL],
      ];
      for (const [key, url] of wrong) {
        await failureOf(data.profiles.setPhoto(key as never, url as never), ValidationError);
      }
      expect(wire.names).toEqual([]);
    });
  });
});

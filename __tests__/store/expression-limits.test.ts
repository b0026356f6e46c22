/** How much fits into one call: DynamoDB's limits of an expression, which the tests' engines lack in part. */
import { operatorsIn } from "../../src/conditions/expression.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { describeEach, settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const fields = (count: number, value: unknown = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, value]));

/** A payload, or a part of one, with fields that its type does not name. */
const loose = (data: object) => data as { name: string };

test.each([
  ["#0 = :0", 1],
  ["#0 = :0 AND #1 <> :1", 3],
  ["NOT attribute_exists(#0.#1[3])", 2],
  ["#0 BETWEEN :0 AND :1", 1],
  ["#0 BETWEEN :0 AND :1 AND size(#1) >= :2 OR #2 <= :3", 6],
  ["(attribute_not_exists(#0) OR #0 = :0) AND begins_with(#or, :and)", 5],
])("%s has %i operators, as DynamoDB Local 3.3 counts them", (condition, count) => {
  expect(operatorsIn(condition)).toBe(count);
});

describe.each(settings)("on $name", (setting) => {
  const table = openTable(setting);
  const userId = "u1";
  let count = 0;
  let key: { userId: string; projectId: string };
  beforeEach(async () => {
    count += 1;
    key = { userId: `${userId}-${count}`, projectId: `p${count}` };
    await table.data.project.put({ ...key, data: loose({ name: "n", kept: "k", gone: 1 }) });
    table.data.wire.clear();
  });
  const read = async () => (await table.data.project.getOrThrow(key, { consistent: true })).data;
  const id = () => ({ id: key.projectId });

  test.each([100, 223, 240])(
    "an update of %i fields is one request (223 were refused by the engine)",
    async (many) => {
      const item = await table.data.project.update(key, loose(fields(many)));
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
      expect(item.data).toEqual({ ...id(), name: "n", kept: "k", gone: 1, ...fields(many) });
    },
  );

  test.each([300, 500, 20_000])(
    "an update of %i fields is two requests, and merges as a small one does",
    async (many) => {
      const changes = loose(fields(many));
      const item = await table.data.project.update(key, changes, { remove: ["gone" as never] });
      expect(requestsOf(table.data)).toEqual(["GetItem", "UpdateItem"]);
      expect(item.data).toEqual({ ...id(), name: "n", kept: "k", ...fields(many) });
      expect(await read()).toEqual(item.data);
    },
  );

  test("such an update loses no write of another, whichever comes first", async () => {
    const { project } = table.data;
    const others = Array.from({ length: 4 }, (_, index) => `other${index}`);
    await Promise.all([
      project.update(key, loose(fields(300, "many"))),
      ...others.map((name) => project.update(key, loose({ [name]: name }))),
      project.update(key, loose({ ...fields(300, "many"), last: 1 })),
    ]);
    expect(await read()).toMatchObject({
      ...fields(300, "many"),
      last: 1,
      ...Object.fromEntries(others.map((name) => [name, name])),
    });
  });

  test("such an update keeps to its lock and its condition", async () => {
    const { project } = table.data;
    const { updatedAt } = await project.getOrThrow(key);
    const many = loose(fields(300));
    await expect(project.update(key, many, { ifUpdatedAt: updatedAt - 1 })).rejects.toThrow(
      "ifUpdatedAt",
    );
    await expect(project.update(key, many, { where: { name: "x" } })).rejects.toThrow("where");
    expect(await read()).not.toHaveProperty("f0");
    await project.update(key, many, { ifUpdatedAt: updatedAt, where: { name: "n" } });
    expect(await read()).toMatchObject(fields(300));
  });

  test("such an update of a missing item is refused, and makes none", async () => {
    const missing = { ...key, projectId: "missing" };
    await expect(table.data.project.update(missing, loose(fields(300)))).rejects.toThrow(
      "no such item",
    );
    // The read has told: no write is paid for.
    expect(requestsOf(table.data)).toEqual(["GetItem"]);
    expect(await table.data.project.get(missing)).toBeNull();
  });

  test("such an update leaves secrets as they are", async () => {
    const token = { userId: "many", provider: "P" };
    const data = { accessToken: "a", refreshToken: "r", expiryDate: 1 };
    await table.data.oauthToken.put({ ...token, data });
    const changed = { ...fields(300), accessToken: "b" };
    await table.data.oauthToken.update(token, changed);
    expect((await table.data.oauthToken.get(token))?.data).toEqual({ ...data, ...changed });
  });

  test("profiles.save of 500 fields creates and merges as of one (it was refused by the engine)", async () => {
    const { profiles } = table.data;
    const profile = { userId: `profile-${count}` };
    const first = await profiles.save(profile, loose(fields(500)));
    expect(first.data).toEqual({ id: profile.userId, ...fields(500) });
    const second = await profiles.save(profile, loose({ ...fields(500, 2), more: 3 }));
    expect(second.data).toEqual({ id: profile.userId, ...fields(500, 2), more: 3 });
  });

  test("more changes inside fields than an expression holds are refused before anything is sent", async () => {
    const set = Array.from({ length: 300 }, (_, index) => [["kept", `f${index}`], 1]);
    const call = table.data.project.update(key, {}, { set: set as never });
    const { issues } = await failureOf(call, ValidationError);
    expect(issues).toEqual([
      { path: "set", message: expect.stringMatching(/bytes: DynamoDB takes at most 4096$/) },
    ]);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("a where of 150 fields is taken, one of 151 is refused before anything is sent (195 were refused by the engine, with no issues)", async () => {
    const { project } = table.data;
    const partition = { userId: key.userId };
    const where = (many: number) => fields(many) as never;
    await project.update(key, loose(fields(150)));
    const page = await project.query(partition, { where: where(150) });
    expect(page.items.map(({ projectId }) => projectId)).toEqual([key.projectId]);
    table.data.wire.clear();
    const issue = { path: "where", message: expect.stringContaining("301 operators") };
    const query = project.query(partition, { where: where(151) });
    expect((await failureOf(query, ValidationError)).issues).toEqual([issue]);
    expect(() => project.list(partition, { where: where(151) })).toThrow("301 operators");
    const update = project.update(key, loose({ a: 1 }), { where: where(151) });
    expect((await failureOf(update, ValidationError)).issues).toEqual([issue]);
    // An update has conditions of its own beside it.
    const beside = project.update(key, loose({ a: 1 }), { where: where(150) });
    expect((await failureOf(beside, ValidationError)).issues[0]?.path).toBe("where");
    expect(requestsOf(table.data)).toEqual([]);
    await project.update(key, loose({ a: 1 }), { where: where(140) });
  });

  test("fields of more names than a projection holds are refused before anything is sent", async () => {
    const { project } = table.data;
    const names = (many: number) => Object.keys(fields(many)) as never[];
    await project.update(key, loose(fields(500)));
    table.data.wire.clear();
    const { data } = await project.getOrThrow(key, { fields: names(450) });
    expect(data).toEqual(fields(450));
    requestsOf(table.data);
    const calls: (() => Promise<unknown>)[] = [
      () => project.get(key, { fields: names(1_000) }),
      () => project.query({ userId: key.userId }, { fields: names(1_000) }),
      () => project.batchGet([key], { fields: names(1_000) }),
    ];
    for (const call of calls) {
      const { issues } = await failureOf(call(), ValidationError);
      expect(issues).toEqual([
        { path: "fields", message: expect.stringContaining("DynamoDB takes at most 4096") },
      ]);
    }
    expect(requestsOf(table.data)).toEqual([]);
  });
});

describeEach(settings, ({ engine }) => engine !== "dynalite")(
  "transactions on $name",
  (setting) => {
    const table = openTable(setting);

    test("update many fields as well, and refuse a where of too many", async () => {
      const { project, transaction } = table.data;
      const key = { userId: "u", projectId: "p" };
      await project.put({ ...key, data: loose({ name: "n", kept: 1 }) });
      await transaction.write((tx) => [tx.project.update(key, loose(fields(500)))]);
      expect((await project.get(key))?.data).toEqual({
        id: "p",
        name: "n",
        kept: 1,
        ...fields(500),
      });
      table.data.wire.clear();
      const check = transaction.write((tx) => [
        tx.project.check(key, { where: fields(151) as never }),
      ]);
      expect((await failureOf(check, ValidationError)).issues[0]?.path).toBe("where");
      expect(requestsOf(table.data)).toEqual([]);
      // A check has a condition of its own beside it.
      const beside = transaction.write((tx) => [
        tx.project.check(key, { where: fields(150) as never }),
      ]);
      expect((await failureOf(beside, ValidationError)).issues[0]?.path).toBe("where");
      expect(requestsOf(table.data)).toEqual([]);
      const missing = { userId: "u", projectId: "missing" };
      const refused = transaction.write((tx) => [tx.project.update(missing, loose(fields(500)))]);
      await expect(refused).rejects.toThrow("no such item");
    });
  },
);

test("the repository refuses more updates than an expression holds before anything is sent", async () => {
  const repository = new DynamoDBRepository();
  const error = await failureOf(repository.update("PK", "SK", fields(300)), ValidationError);
  expect(error.issues).toEqual([
    { path: "updates", message: expect.stringContaining("DynamoDB takes at most 4096") },
  ]);
});

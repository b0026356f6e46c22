/** What is written comes back as it was, whichever way it is written and read. */
import { isDeepStrictEqual } from "node:util";
import { NumberValue } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { resetClients } from "../../src/client/client.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { ExactNumber } from "../../src/values/exact-number.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { looseFields, tries } from "./arbitraries.js";

const payload = looseFields(["id", "name", "createdAt", "updatedAt"]);

/** Any number that DynamoDB holds, in any form that it may be given in. */
const digits = fc.stringMatching(/^-?[1-9]\d{0,37}$/);
const decimal = fc
  .tuple(digits, fc.integer({ min: -130, max: 88 }))
  .map(([text, power]) => `${text}e${power}`);
const givenNumber = fc.oneof(
  fc.constantFrom<unknown>(-0, 1n, 0n, -7n, 2n ** 53n, 123n * 10n ** 38n, 0.1 + 0.2),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  decimal.map((text) => ExactNumber.from(text)),
  decimal.map((text) => NumberValue.from(text)),
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }).filter((n) => n === 0 || Math.abs(n) > 1e-130),
);
const givenValue = fc.oneof(
  givenNumber,
  fc.array(givenNumber, { maxLength: 3 }),
  fc
    .uniqueArray(givenNumber, { minLength: 1, maxLength: 3, selector: numberKey })
    .map((members) => new Set(members)),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  fc.dictionary(fc.constantFrom("a", "b", "c"), fc.option(givenNumber, { nil: undefined })),
);
const given = fc.oneof(
  payload,
  fc.dictionary(fc.stringMatching(/^[a-z]{3}$/), givenValue, { maxKeys: 4, noNullPrototype: true }),
);

/** The same for the same number, in whatever form. */
function numberKey(value: unknown): string {
  return ExactNumber.from(String(value === 0 ? 0 : value)).text;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let users = 0;

  test("create, put and update return exactly what get returns, for any form of any value (-0, 1n and the like came back as they were given)", async () => {
    await fc.assert(
      fc.asyncProperty(given, async (fields) => {
        users += 1;
        const { project } = table.data;
        const data = { name: "n", ...fields };
        const key = { userId: `u${users}`, projectId: "p" };
        const same = async (result: unknown) =>
          expect(isDeepStrictEqual(result, await project.get(key))).toBe(true);
        await same(await project.create({ ...key, data }));
        await same(await project.put({ ...key, data }));
        await same(await project.update(key, data));
      }),
      tries(20),
    );
  });

  test("the repository's create returns exactly what getItem returns", async () => {
    const { endpoint } = table.data.engine;
    const { tableName } = table.data.configuration;
    const before = { ...process.env };
    Object.assign(process.env, {
      COAGENT_ENV: "local",
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      DYNAMODB_TABLE_NAME: tableName,
    });
    resetClients();
    try {
      const repository = new DynamoDBRepository();
      await fc.assert(
        fc.asyncProperty(given, async (data) => {
          users += 1;
          const pk = `USER#u${users}`;
          const created = await repository.create(pk, "PROJECT#p", "Project", data);
          const item = await repository.getItem(pk, "PROJECT#p");
          expect(isDeepStrictEqual(created, item)).toBe(true);
        }),
        tries(20),
      );
    } finally {
      process.env = before;
      resetClients();
    }
  });

  test("any payload that DynamoDB can hold comes back as it was, by every write and every read", async () => {
    await fc.assert(
      fc.asyncProperty(payload, async (fields) => {
        users += 1;
        const userId = `u${users}`;
        const { project, collections } = table.data;
        const input = (projectId: string) => ({
          userId,
          projectId,
          data: { name: "n", ...fields },
        });
        const expected = (projectId: string) =>
          expect.objectContaining({
            userId,
            projectId,
            data: { id: projectId, name: "n", ...fields },
          });

        expect(await project.create(input("a"))).toEqual(expected("a"));
        expect(await project.put(input("b"))).toEqual(expected("b"));
        await project.create({ userId, projectId: "c", data: { name: "before" } });
        expect(await project.update({ userId, projectId: "c" }, { name: "n", ...fields })).toEqual(
          expected("c"),
        );
        await project.batchPut([input("d"), input("e")]);

        const keys = ["a", "b", "c", "d", "e"].map((projectId) => ({ userId, projectId }));
        const all = keys.map(({ projectId }) => expected(projectId));
        expect(await Promise.all(keys.map((key) => project.get(key)))).toEqual(all);
        expect(await project.get({ userId, projectId: "a" })).toEqual(expected("a"));
        expect((await project.query({ userId })).items).toEqual(all);
        expect(await collected(project.list({ userId }))).toEqual(all);
        expect(await project.batchGet(keys)).toEqual(all);
        expect((await collections.workspace({ userId })).project).toEqual(all);
      }),
      tries(20),
    );
  });
});

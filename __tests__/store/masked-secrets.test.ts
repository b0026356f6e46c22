import { inspect } from "node:util";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { createTestDataLayer, faults, make, type TestDataLayer } from "../../src/testing/index.js";
import { failureOf } from "../open.js";

const accessToken = "canary-access";
const refreshToken = "canary-refresh";

describe("what an error carries of a token", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer({ requestHandler: faults(), retry: { maxRetries: 0 } });
  });
  afterAll(() => data.close());

  const token = () => make.oauthToken({ data: { accessToken, refreshToken, expiryDate: 5 } });

  test("is there for who asks for it, and masked where it is printed", async () => {
    const input = token();
    await data.oauthToken.create(input);
    const error = await failureOf(data.oauthToken.create(input), ConditionalCheckFailedError);
    const item = error.item as typeof input;
    expect(item.data.accessToken).toBe(accessToken);
    expect(item.data.refreshToken).toBe(refreshToken);
    for (const text of [inspect(item, { depth: 9 }), JSON.stringify(item), inspect(error.item)]) {
      expect(text).not.toMatch(/canary/);
      expect(text).toContain("[secret]");
      expect(text).toContain("expiryDate");
    }
  });

  test("is masked in what a batch left unwritten too, and is not the caller's own object", async () => {
    const input = token();
    data.wire.inject({ fault: "throttle", operation: "BatchWriteItem" });
    const error = await failureOf(data.oauthToken.batchPut([input]), UnprocessedItemsError);
    const [left] = error.items as [typeof input];
    expect(left).toEqual(input);
    expect(inspect(left, { depth: 9 }) + JSON.stringify(left)).not.toMatch(/canary/);
    expect(JSON.stringify(input)).toMatch(/canary/);
  });

  test("leaves payloads without secrets as they are", async () => {
    const input = make.project();
    await data.project.create(input);
    const error = await failureOf(data.project.create(input), ConditionalCheckFailedError);
    expect(JSON.parse(JSON.stringify(error.item))).toMatchObject({
      data: { name: input.data.name },
    });
  });
});

test("options that are null count as none", async () => {
  const data = await createTestDataLayer();
  const key = { userId: "user of null", projectId: "p" };
  const none = null as never;
  await data.project.create({ ...key, data: { name: "a" } }, none);
  expect(await data.project.get(key, none)).toMatchObject(key);
  expect((await data.project.query({ userId: key.userId }, none)).items).toHaveLength(1);
  expect(await data.project.update(key, { name: "b" }, none)).toMatchObject({
    data: { name: "b" },
  });
  expect(await data.project.batchGet([key], none)).toHaveLength(1);
  expect(await data.project.delete(key, none)).toMatchObject(key);
  await data.close();
});

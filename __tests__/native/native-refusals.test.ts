/** Native chains whose condition fails, that are wrong, or of which a part was carried out. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createConversions, Entity, Service } from "electrodb";
import { competitor } from "../../entities/competitor.js";
import { project } from "../../entities/project.js";
import { definitions } from "../../services/entities.js";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import {
  AbortedError,
  ConditionalCheckFailedError,
  ConfigurationError,
  DecryptionError,
  DynamoDBError,
  ThroughputExceededError,
  ValidationError,
} from "../../src/index.js";
import { withOwnErrors } from "../../src/native/native-entity.js";
import { createTestDataLayer, type TestDataLayer } from "../../src/testing/index.js";
import { describeEach, engines } from "../engines.js";
import { failureOf } from "../open.js";
import { item, key, rows } from "./calls.js";
import { Wire } from "./wire.js";

/** What an error says of a batch. */
interface Progress {
  readonly items: readonly unknown[];
  readonly unprocessed: number;
  readonly written: number;
}

describeEach(engines, ({ name }) => name !== "dynalite")("native chains on $name", ({ engine }) => {
  const wire = new Wire();
  let data: TestDataLayer;
  let keyless: DataLayer;

  beforeAll(async () => {
    const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
    const retry = { maxRetries: 0 };
    data = await createTestDataLayer({ engine, requestHandler: wire, retry, encryption });
    keyless = createDataLayer({ ...placeOf(data), requestHandler: wire });
  });
  afterAll(async () => {
    await keyless.close();
    await data.close();
  });
  beforeEach(async () => {
    wire.clear();
    await data.project.entity.put(item).go();
    wire.clear();
  });

  const entity = () => data.project.entity;
  const thrownBy = <E extends DynamoDBError>(
    call: () => unknown,
    type: abstract new (...args: never[]) => E,
  ): Promise<E> => failureOf((async () => call())(), type);

  const missing = { ...key, projectId: "none" };
  const conditions: Record<string, () => Promise<unknown>> = {
    "entity.create": () => entity().create(item).go(),
    "entity.put": () =>
      entity()
        .put(item)
        .where(({ userId }, { notExists }) => notExists(userId))
        .go(),
    "entity.upsert": () =>
      entity()
        .upsert(item)
        .where(({ createdAt }, { eq }) => eq(createdAt, 7))
        .go(),
    "entity.update": () =>
      entity()
        .update(key)
        .set({ updatedAt: 5 })
        .where(({ createdAt }, { eq }) => eq(createdAt, 7))
        .go(),
    "entity.patch": () => entity().patch(missing).set({ updatedAt: 5 }).go(),
    "entity.delete": () =>
      entity()
        .delete(key)
        .where(({ createdAt }, { eq }) => eq(createdAt, 7))
        .go(),
    "entity.remove": () => entity().remove(missing).go(),
  };

  describe.each(Object.entries(conditions))("%s", (operation, run) => {
    test("fails by its condition", async () => {
      const error = await failureOf(run(), ConditionalCheckFailedError);
      expect(error).toMatchObject({
        code: "ConditionalCheckFailedException",
        operation,
        entity: "Project",
        retryable: false,
        mayHaveBeenDone: false,
        item: null,
      });
      const id = operation === "entity.patch" || operation === "entity.remove" ? "none" : "p1";
      expect(error.message).toContain(`${operation} Project (userId=u1, projectId=${id}): `);
      expect((error.cause as Error).name).toBe("ElectroError");
    });
  });

  test("every single write is among the conditions", () => {
    const writes = rows.filter(({ isWrite, entity: of, key: at }) => isWrite && of && at);
    expect(Object.keys(conditions).toSorted()).toEqual(
      writes.map(({ operation }) => operation).toSorted(),
    );
  });

  test("a failed condition has what was there, as ElectroDB returns items", async () => {
    const params = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    const error = await failureOf(
      entity()
        .create(item)
        .go({ params } as never),
      ConditionalCheckFailedError,
    );
    expect(error.item).toEqual(item);
    expect(Object.keys(error)).not.toContain("item");
    expect(JSON.stringify(error)).not.toContain('"one"');
  });

  test("a failed condition that was asked for as a result is one", async () => {
    const create = entity().create(item);
    expect(await create.go({ returnOnConditionCheckFailure: "all_old" } as never)).toEqual({
      rejected: true,
      data: item,
    });
  });

  test("a cancelled transaction keeps ElectroDB's form", async () => {
    const result = await data.service.transaction
      .write(({ project }) => [project.create(item).commit({ response: "all_old" })])
      .go();
    expect(result).toEqual({
      canceled: true,
      data: [{ rejected: true, code: "ConditionalCheckFailed", message: expect.anything(), item }],
    });
  });

  const wrong: Record<
    string,
    { run(): unknown; operation: string; path: string; key?: string; cause?: string }
  > = {
    "a missing part of the key": {
      run: () =>
        entity()
          .get({ userId: "u1" } as never)
          .go(),
      operation: "entity.get",
      path: "projectId",
      key: "userId=u1, projectId=?",
    },
    "no key": {
      run: () =>
        entity()
          .get(undefined as never)
          .go(),
      operation: "entity.get",
      path: "userId",
    },
    "null for a key": {
      run: () =>
        entity()
          .get(null as never)
          .go(),
      operation: "entity.get",
      path: "",
    },
    "a missing part in a list": {
      run: () =>
        entity()
          .get([key, { userId: "u1" } as never])
          .go(),
      operation: "entity.get",
      path: "projectId",
    },
    "a missing partition": {
      run: () =>
        entity()
          .query.byKey({} as never)
          .go(),
      operation: "entity.query.byKey",
      path: "userId",
    },
    "a missing attribute": {
      run: () =>
        entity()
          .put({ userId: "u1", data: {} } as never)
          .go(),
      operation: "entity.put",
      path: "projectId",
    },
    "a value of another type": {
      run: () =>
        entity()
          .put({ ...item, createdAt: "1" } as never)
          .go(),
      operation: "entity.put",
      path: "createdAt",
    },
    "one of another type in a list": {
      run: () =>
        entity()
          .put([item, { ...item, createdAt: "1" } as never])
          .go(),
      operation: "entity.put",
      path: "createdAt",
    },
    "one of another type in an upsert": {
      run: () =>
        entity()
          .upsert({ ...item, createdAt: "1" } as never)
          .go(),
      operation: "entity.upsert",
      path: "createdAt",
    },
    "one of another type in an update": {
      run: () =>
        entity()
          .update(key)
          .set({ createdAt: "1" } as never)
          .go(),
      operation: "entity.update",
      path: "createdAt",
    },
    "an attribute that is not there": {
      run: () =>
        entity()
          .update(key)
          .data(((has: { nothing: never }, { set }: { set(...given: unknown[]): void }) =>
            set(has.nothing, 1)) as never)
          .go(),
      operation: "entity.update",
      path: "",
    },
    "the removal of one that is not there": {
      run: () =>
        entity()
          .patch(key)
          .remove(["nothing"] as never)
          .go(),
      operation: "entity.patch",
      path: "nothing",
    },
    "a condition without a result": {
      run: () =>
        entity()
          .delete(key)
          .where((() => 5) as never)
          .go(),
      operation: "entity.delete",
      path: "",
    },
    "an order that is none": {
      run: () =>
        entity()
          .query.byKey({ userId: "u1" })
          .go({ order: "sideways" as never }),
      operation: "entity.query.byKey",
      path: "",
    },
    "pages that are none": {
      run: () => entity().query.byKey({ userId: "u1" }).go({ pages: 0 }),
      operation: "entity.query.byKey",
      path: "",
    },
    "a cursor that is none": {
      run: () => entity().scan.go({ cursor: "%%%" }),
      operation: "entity.scan",
      path: "",
    },
    "a signal that is none": {
      run: () =>
        entity()
          .remove(key)
          .go({ abortSignal: {} as never }),
      operation: "entity.remove",
      path: "",
    },
    "a concurrency that is none": {
      run: () => entity().delete([key]).go({ concurrent: 0 }),
      operation: "entity.delete",
      path: "",
    },
    "a match by nothing readable": {
      run: () =>
        entity()
          .match(null as never)
          .go(),
      operation: "entity.match",
      path: "",
    },
    "a find by nothing readable": {
      run: () =>
        entity()
          .find(null as never)
          .go(),
      operation: "entity.find",
      path: "",
    },
    "params of a missing key": {
      run: () =>
        entity()
          .delete({ projectId: "p1" } as never)
          .params(),
      operation: "entity.delete",
      path: "userId",
    },
    "a commit of a missing key": {
      run: () =>
        data.service.transaction
          .write(({ project }) => [project.check({ projectId: "p1" } as never).commit()])
          .go(),
      operation: "entity.check",
      path: "userId",
    },
    "a collection without its partition": {
      run: () => data.service.collections.workspace({} as never).go(),
      operation: "service.collections.workspace",
      path: "userId",
    },
    "params of such a collection": {
      run: () => data.service.collections.recent({} as never).params(),
      operation: "service.collections.recent",
      path: "userId",
    },
    "a transaction's operation": {
      run: () =>
        data.service.transaction
          .write(({ project }) => [
            project
              .patch({ userId: "u1" } as never)
              .set({})
              .commit(),
          ])
          .go(),
      operation: "entity.patch",
      path: "projectId",
    },
    "the params of a transaction": {
      run: () =>
        data.service.transaction
          .get(({ project }) => [project.get({ userId: "u1" } as never).commit()])
          .params(),
      operation: "entity.get",
      path: "projectId",
    },
    "a transaction's callback": {
      run: () =>
        data.service.transaction
          .write((() => {
            throw new Error("no such page");
          }) as never)
          .go(),
      operation: "service.transaction.write",
      path: "",
    },
    "a callback that itself speaks of an attribute": {
      run: () =>
        data.service.transaction
          .write((() => {
            throw new Error('no such page, says Attribute "name"');
          }) as never)
          .go(),
      operation: "service.transaction.write",
      path: "",
    },
    "a conversion": {
      run: () => createConversions(entity()).fromKeys.toComposite({} as never),
      operation: "createConversions",
      path: "",
    },
  };

  test.each(Object.entries(wrong))(
    "%s is a ValidationError, and nothing is sent",
    async (_, one) => {
      const error = await thrownBy(one.run, ValidationError);
      expect(error.issues.map(({ path }) => path)).toContain(one.path);
      for (const { message } of error.issues) expect(message).not.toMatch(/electrodb\.dev|^$/);
      expect(error.operation).toBe(one.operation);
      if (one.key !== undefined) expect(error.message).toContain(`(${one.key}): `);
      expect(error).toMatchObject({ retryable: false, mayHaveBeenDone: false });
      expect(error.cause).toBeInstanceOf(Error);
      expect(wire.requests).toEqual([]);
    },
  );

  test("what is wrong with the client or the entity is a ConfigurationError", async () => {
    const calls: Record<string, () => unknown> = {
      "entity.setClient": () => entity().setClient({} as never),
      "entity.setIdentifier": () => entity().setIdentifier("key" as never, "x"),
      "entity.get": () =>
        entity()
          .get(key)
          .go({ client: {} } as never),
    };
    for (const [operation, call] of Object.entries(calls)) {
      const error = await thrownBy(call, ConfigurationError);
      expect(error).toMatchObject({ operation, entity: "Project", mayHaveBeenDone: false });
      expect((error.cause as Error).name).toBe("ElectroError");
    }
    const setClient = () => data.service.setClient({} as never);
    expect(await thrownBy(setClient, ConfigurationError)).toMatchObject({
      operation: "entity.setClient",
    });
  });

  describe("of several requests", () => {
    const thirty = Array.from({ length: 30 }, (_, at) => ({ ...item, projectId: `b${at}` }));

    test("a batch of which every request was refused has written nothing", async () => {
      wire.denied = new Set([1]);
      const error = await failureOf(entity().put(thirty).go(), DynamoDBError);
      expect(error).toMatchObject({ code: "AccessDeniedException", mayHaveBeenDone: false });
      expect((await entity().get({ userId: "u1", projectId: "b0" }).go()).data).toBeNull();
    });

    test.each([
      ["one after the other", 1, 2],
      ["at once", 2, 1],
    ])("a batch of which one was not refused may have been done: %s", async (_, concurrent, at) => {
      wire.denied = new Set([at]);
      const error = await failureOf(entity().put(thirty).go({ concurrent }), DynamoDBError);
      expect(error).toMatchObject({
        code: "AccessDeniedException",
        operation: "entity.put",
        mayHaveBeenDone: true,
      });
    });

    const keysOf = (from: readonly (typeof item)[]) =>
      from.map(({ userId, projectId }) => ({ userId, projectId }));

    test.each([
      ["refused at its second request", 2, {}, 25, thirty.slice(25)],
      ["refused at its first request", 1, {}, 0, thirty],
      ["with its second request at once", 1, { concurrent: 2 }, undefined, undefined],
    ])("a batch of writes keeps its half: %s", async (_, at, options, written, items) => {
      for (const [operation, run, given] of [
        ["entity.put", () => entity().put(thirty).go(options), thirty],
        ["entity.delete", () => entity().delete(keysOf(thirty)).go(options), keysOf(thirty)],
      ] as const) {
        wire.clear();
        wire.denied = new Set([at]);
        const error = (await failureOf(run(), DynamoDBError)) as DynamoDBError & Progress;
        expect(error.operation).toBe(operation);
        expect(error.written + error.unprocessed).toBe(30);
        expect(error.items).toHaveLength(error.unprocessed);
        expect(Object.keys(error)).not.toContain("items");
        // The first request was refused, whatever became of the other.
        if (items === undefined) {
          expect(error.items.slice(0, 25)).toEqual(given.slice(0, 25));
          continue;
        }
        expect(error.written).toBe(written);
        expect(error.items).toEqual(given.slice(30 - items.length));
      }
    });

    test("what a request of a batch left undone was not written", async () => {
      wire.inject({ fault: "partialUnprocessed", times: 1 });
      wire.denied = new Set([2]);
      const call = entity().put(thirty).go();
      const error = (await failureOf(call, DynamoDBError)) as DynamoDBError & Progress;
      // Of 25, the first half was passed on.
      const kept = error.written;
      expect([12, 13]).toContain(kept);
      expect(error).toMatchObject({ unprocessed: 30 - kept, mayHaveBeenDone: true });
      expect(error.items).toEqual(thirty.slice(kept));
    });

    test("a batch of reads that fails has read nothing for its caller", async () => {
      const many = keysOf(
        Array.from({ length: 120 }, (_, at) => ({ ...item, projectId: `b${at}` })),
      );
      wire.denied = new Set([2]);
      const call = entity().get(many).go();
      const error = (await failureOf(call, DynamoDBError)) as DynamoDBError & Progress;
      expect(error).toMatchObject({ unprocessed: 120, written: 0, mayHaveBeenDone: false });
      expect(error.items).toEqual(many);
    });

    test("a read that fails at its second page, or as it hydrates, was not done", async () => {
      for (const run of [
        () => entity().query.byKey({ userId: "u1" }).go({ limit: 1, pages: "all" }),
        () =>
          entity()
            .query.byKey({ userId: "u1" })
            .go({ hydrate: true } as never),
        () => data.service.collections.recent({ userId: "u1" }).go({ hydrate: true } as never),
      ]) {
        wire.clear();
        wire.denied = new Set([2]);
        const error = await failureOf(run(), DynamoDBError);
        expect(error).toMatchObject({ code: "AccessDeniedException", mayHaveBeenDone: false });
        expect(error.operation).toMatch(/query\.byKey$|collections\.recent$/);
        expect((error.cause as Error).name).toBe("ElectroError");
      }
    });
  });

  test("a result that cannot be made of the response leaves a write open, not a read", async () => {
    const parse = () => {
      throw new Error("cannot be parsed");
    };
    const read = await failureOf(
      entity()
        .get(key)
        .go({ parse } as never),
      DynamoDBError,
    );
    expect(read).toMatchObject({ code: "ResultNotMade", mayHaveBeenDone: false });
    const written = await failureOf(
      entity()
        .delete(key)
        .go({ parse } as never),
      DynamoDBError,
    );
    expect(written).toMatchObject({ code: "ResultNotMade", mayHaveBeenDone: true });
    expect((await entity().get(key).go()).data).toBeNull();
  });

  test("after `close` it is aborted", async () => {
    const closed = await createTestDataLayer({ engine });
    await closed.close();
    const error = await failureOf(closed.project.entity.get(key).go(), AbortedError);
    expect(error.message).toBe(
      "entity.get Project (userId=u1, projectId=p1): the data layer is closed",
    );
    expect(error).toMatchObject({ operation: "entity.get", mayHaveBeenDone: false });
  });

  test("a table that the call itself names is not mistaken for the configured one", async () => {
    const call = data.project.entity.get(key).go({ table: "orders-archive" });
    const error = await failureOf(call, DynamoDBError);
    expect(error.code).toBe("ResourceNotFoundException");
    expect(error.message).not.toContain(data.configuration.tableName);
    expect(error.message).not.toContain("create it with");
  });

  describe("secrets", () => {
    const at = { userId: "u1", provider: "GOOGLE_BUSINESS" };
    const token = { accessToken: "canary-access", refreshToken: "canary-refresh", expiryDate: 5 };

    test("are refused in clear text by the call's own name", async () => {
      const error = await failureOf(
        data.oauthToken.entity.put({ ...at, data: token } as never).go(),
        ValidationError,
      );
      expect(error).toMatchObject({ operation: "entity.put", entity: "OAuthToken" });
      expect(error.message).toMatch(
        /^entity\.put OAuthToken \(userId=u1, provider=GOOGLE_BUSINESS\): would store /,
      );
      expect(wire.requests).toEqual([]);
    });

    test("leave alone an update that does not write the payload (it was refused as one that would)", async () => {
      await data.oauthToken.put({ ...at, data: token } as never);
      const { updatedAt } = (await data.oauthToken.getOrThrow(at)) as { updatedAt: number };
      await data.oauthToken.entity
        .update(at)
        .set({ updatedAt: updatedAt + 1 } as never)
        .go();
      const item = await data.oauthToken.getOrThrow(at);
      expect(item).toMatchObject({ updatedAt: updatedAt + 1, data: token });
    });

    test("that cannot be opened are a DecryptionError, and a write of them was carried out", async () => {
      await data.oauthToken.put({ ...at, data: token } as never);
      const { oauthToken } = keyless;
      const read = await failureOf(oauthToken.entity.get(at).go(), DecryptionError);
      expect(read).toMatchObject({ operation: "entity.get", entity: "OAuthToken" });
      expect(read.mayHaveBeenDone).toBe(false);
      const updated = await failureOf(
        oauthToken.entity.update(at).set({ updatedAt: 9 }).go({ response: "all_new" }),
        DecryptionError,
      );
      expect(updated).toMatchObject({ operation: "entity.update", mayHaveBeenDone: true });
    });
  });

  test("a client of the application's own says what became of its request", async () => {
    const own = createDataLayer({ ...placeOf(data), retry: { maxRetries: 0 } });
    const { endpoint, region, credentials } = data.engine;
    const handler = new Wire();
    const client = new DynamoDBClient({
      endpoint,
      region,
      credentials,
      requestHandler: handler,
      maxAttempts: 1,
    });
    try {
      const mine = own.project.entity;
      mine.setClient(DynamoDBDocumentClient.from(client) as never);
      handler.inject({ fault: "answerLost" });
      const lost = await failureOf(mine.put(item).go(), DynamoDBError);
      expect(lost).toMatchObject({ code: "ECONNRESET", mayHaveBeenDone: true });
      handler.inject({ fault: "throttle" });
      const refused = await failureOf(mine.put(item).go(), ThroughputExceededError);
      expect(refused).toMatchObject({ operation: "entity.put", mayHaveBeenDone: false });
      expect((await mine.get(key).go()).data).toEqual(item);
    } finally {
      client.destroy();
      await own.close();
    }
  });

  describe("stay ElectroDB's", () => {
    test("an entity and the Service are instances of its classes, and look as they did", () => {
      const plain = project.entity({ table: data.configuration.tableName });
      expect(entity()).toBeInstanceOf(Entity);
      expect(data.service).toBeInstanceOf(Service);
      expect(Object.keys(entity()).toSorted()).toEqual(Object.keys(plain).toSorted());
      expect(entity().schema.model).toEqual(plain.schema.model);
      expect(entity().getTableName()).toBe(data.configuration.tableName);
      expect(Object.keys(data.service.entities)).toEqual(Object.keys(definitions));
      expect(withOwnErrors(entity())).toBe(entity());
    });

    test("a method can be replaced by a stub, and put back", () => {
      const own = entity() as unknown as Record<string, unknown>;
      const methods = Object.entries(Object.getOwnPropertyDescriptors(own)).filter(
        ([, { value }]) => typeof value === "function",
      );
      expect(methods.map(([name]) => name)).toContain("parse");
      for (const [name, method] of methods) {
        const stub = () => "stub";
        Object.defineProperty(own, name, { value: stub, configurable: true, enumerable: true });
        expect(own[name]).toBe(stub);
        Object.defineProperty(own, name, method);
        expect(own[name]).toBe(method.value);
      }
    });

    test("requests are those of an entity of ElectroDB's own", () => {
      const plain = project.entity({ table: data.configuration.tableName });
      const all = (one: typeof plain) => [
        one.get(key).params(),
        one.get([key]).params(),
        one.query.byCreatedAt({ userId: "u1" }).lt({ createdAt: 9 }).params({ limit: 3 }),
        one.scan.where(({ createdAt }, { gt }) => gt(createdAt, 0)).params(),
        one.put(item).params(),
        one.create(item).params(),
        one.upsert(item).params(),
        one.update(key).add({ createdAt: 1 }).remove(["updatedAt"]).params(),
        one.patch(key).set({ updatedAt: 1 }).params(),
        one.remove(key).params(),
        one.match(key).params(),
        one.find(key).params(),
        one.put([item]).params(),
      ];
      expect(all(entity())).toEqual(all(plain));
    });

    test("pages, cursors, counts, conversions, collections and transactions give what they gave", async () => {
      const userId = "paged";
      const five = Array.from({ length: 5 }, (_, at) => ({
        ...item,
        userId,
        projectId: `p${at}`,
        createdAt: at,
      }));
      expect(await entity().put(five).go()).toEqual({ unprocessed: [] });
      const byKey = () => entity().query.byKey({ userId });
      const first = await byKey().go({ limit: 2 });
      expect(first.data).toEqual(five.slice(0, 2));
      const rest = await byKey().go({ cursor: first.cursor, pages: "all", limit: 2 });
      expect(rest).toEqual({ data: five.slice(2), cursor: null });
      expect((await byKey().go({ count: 3 })).data).toEqual(five.slice(0, 3));
      const conversions = createConversions(entity());
      const cursor = conversions.byAccessPattern.byKey.fromComposite.toCursor({
        userId,
        projectId: "p3",
      });
      expect((await byKey().go({ cursor: cursor as string })).data).toEqual(five.slice(4));
      expect((await entity().match({ userId, projectId: "p1" }).go()).data).toEqual([five[1]]);
      expect((await entity().find({ userId }).go()).data).toEqual(five);
      const scanned = await entity()
        .scan.where(({ userId: of }, { eq }) => eq(of, userId))
        .go({ pages: "all" });
      expect(scanned.data).toHaveLength(5);
      expect((await entity().query.byCreatedAt({ userId }).go({ hydrate: true })).data).toEqual(
        five,
      );
      const workspace = await data.service.collections.workspace({ userId }).go();
      expect(workspace.data.project).toEqual(five);
      const got = await data.service.transaction
        .get(({ project: of }) => [of.get({ userId, projectId: "p4" }).commit()])
        .go();
      expect(got).toEqual({ canceled: false, data: [{ rejected: false, item: five[4] }] });
      expect(
        entity().parse({ Item: { EntityType: "Project", UserId: userId } }).data,
      ).toBeDefined();
    });

    test("an entity that joins the Service later throws as the others do", async () => {
      const own = createDataLayer(placeOf(data));
      try {
        const late = competitor.entity({ table: data.configuration.tableName });
        const { service } = own as unknown as { service: { join(...given: unknown[]): unknown } };
        service.join("late", late);
        const error = await failureOf(late.get({ userId: "u1" } as never).go(), ValidationError);
        expect(error).toMatchObject({ operation: "entity.get", entity: "Competitor" });
        expect(await thrownBy(() => service.join({}), DynamoDBError)).toMatchObject({
          operation: "service.join",
        });
      } finally {
        await own.close();
      }
    });
  });
});

/** Where a data layer's table is. */
function placeOf({ engine, configuration }: TestDataLayer) {
  const { endpoint, region, credentials } = engine;
  const { tableName } = configuration;
  return { environment: "development", endpoint, region, credentials, tableName } as const;
}

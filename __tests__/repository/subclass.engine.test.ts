/** A repository of an application's own: its entity types, its hooks and its methods. */
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { getDocumentClient, resetClients } from "../../src/client/client.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import {
  type DynamoDBItem,
  DynamoDBRepository,
  type RepositoryCall,
} from "../../src/repository/repository.js";
import { withRetry } from "../../src/transport/retry.js";
import { engines } from "../engines.js";
import { failure, namesOf, openRepositoryTable, type RepositoryTable } from "./repository-table.js";

type AppType = "Listing" | "Alert";

class AppRepository extends DynamoDBRepository<AppType> {
  readonly calls: RepositoryCall[] = [];
  /** What the hook does instead of the call, if anything. */
  instead: ((run: () => Promise<unknown>) => Promise<unknown>) | undefined;

  protected override around<R>(call: RepositoryCall, run: () => Promise<R>): Promise<R> {
    this.calls.push(call);
    return this.instead === undefined ? run() : (this.instead(run) as Promise<R>);
  }

  protected override beforePut(item: DynamoDBItem<unknown, AppType>) {
    return item.EntityType === "Alert" ? { ...item, TTL: 100, GSI2PK: "ALERTS" } : item;
  }

  /** The application counts with an expression of its own. */
  async countView(PK: string, SK: string): Promise<number> {
    const { Attributes } = await this.send(
      "Update",
      {
        Key: { PK, SK },
        UpdateExpression: "ADD #v :one",
        ExpressionAttributeNames: { "#v": "Views" },
        ExpressionAttributeValues: { ":one": 1 },
        ReturnValues: "UPDATED_NEW",
      },
      "countView",
    );
    return Number(Attributes?.Views);
  }

  /** As the application's methods are written today, over the client itself. */
  async rawGet(PK: string, SK: string): Promise<unknown> {
    const command = new GetCommand({ TableName: this.tableName, Key: { PK, SK } });
    const { Item } = await withRetry(() => getDocumentClient().send(command), this.retryOptions);
    return Item?.Data;
  }

  get options() {
    return this.retryOptions;
  }
}

describe.each(engines)("a subclass of the repository on $name", ({ engine }) => {
  let table: RepositoryTable;
  let repository: AppRepository;
  let users = 0;
  let PK = "";
  const item = (SK: string, EntityType: AppType = "Alert") => ({
    PK,
    SK,
    EntityType,
    Data: { n: 1 },
    CreatedAt: 1,
    UpdatedAt: 1,
  });

  beforeAll(async () => {
    table = await openRepositoryTable(engine);
  });
  afterAll(() => table.close());
  beforeEach(() => {
    users += 1;
    PK = `USER#${users}`;
    repository = new AppRepository({ initialDelayMs: 1, maxRetries: 1 });
  });

  describe("beforePut", () => {
    const stored = { TTL: 100, GSI2PK: "ALERTS" };

    test("gets each item that create, put and batchWrite store, and what it returns is stored", async () => {
      const created = await repository.create(PK, "created", "Alert", { n: 1 });
      expect(created).toMatchObject(stored);
      await repository.put(item("put"));
      await repository.batchWrite([item("batch"), item("other", "Listing")]);
      for (const sk of ["created", "put", "batch"]) {
        expect(await repository.getItem(PK, sk)).toMatchObject(stored);
      }
      expect(await repository.getItem(PK, "other")).toEqual(item("other", "Listing"));
    });

    (engine === "dynalite" ? test.skip : test)("and transactWrite", async () => {
      const { CreatedAt: _, UpdatedAt: __, ...fresh } = item("created");
      await repository.transactWrite([{ create: fresh }, { put: item("put") }]);
      expect(await repository.getItem(PK, "created")).toMatchObject(stored);
      expect(await repository.getItem(PK, "put")).toMatchObject(stored);
    });

    test("leaves the caller's item as it is", async () => {
      const given = item("given");
      await repository.put(given);
      expect(given).toEqual(item("given"));
    });

    test("is checked: what it adds may be wrong too", async () => {
      jest
        .spyOn(repository as unknown as { beforePut(item: object): object }, "beforePut")
        .mockImplementation((own) => ({ ...own, TTL: Date.now() }));
      const error = await failure(repository.put(item("late")));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain("TTL must be in epoch seconds");
    });

    const returning = (returned: (own: object) => unknown) =>
      jest
        .spyOn(repository as unknown as { beforePut(item: object): unknown }, "beforePut")
        .mockImplementation(returned);

    test.each([
      ["nothing", () => undefined, "beforePut must return the item"],
      ["null", () => null, "beforePut must return the item"],
      ["a text", () => "item", "beforePut must return the item"],
      ["a list", () => [], "beforePut must return the item"],
      ["a promise", async (own: object) => own, "the item, not a promise of one"],
      ["a promise that fails", () => Promise.reject(new Error("late")), "not a promise of one"],
    ])("that returns %s is refused, and nothing is sent", async (_, returned, message) => {
      returning(returned);
      const { CreatedAt: _c, UpdatedAt: _u, ...fresh } = item("x");
      const sent = await table.sentBy(async () => {
        for (const [operation, call] of [
          ["create", () => repository.create(PK, "x", "Alert", { n: 1 })],
          ["put", () => repository.put(item("x"))],
          ["batchWrite", () => repository.batchWrite([item("x")])],
          ["transactWrite", () => repository.transactWrite([{ create: fresh }])],
        ] as const) {
          const error = await failure(call());
          expect(error).toBeInstanceOf(ValidationError);
          expect(error).toMatchObject({ operation, message: expect.stringContaining(message) });
        }
      });
      expect(sent).toEqual([]);
      expect(await repository.getItem(PK, "x")).toBeNull();
    });

    test.each([
      ["a text as Data", { Data: "text" }, "Data must be an object"],
      ["a list as Data", { Data: [1] }, "Data must be an object"],
      ["no Data", { Data: undefined }, "Data must be an object"],
      ["no PK", { PK: undefined }, "PK is missing"],
      ["a number as SK", { SK: 5 }, "SK must be a string"],
    ])(
      "that leaves a new item with %s is refused, and nothing is sent",
      async (_, wrong, message) => {
        returning((own) => ({ ...own, ...wrong }));
        const sent = await table.sentBy(async () => {
          const error = await failure(repository.create(PK, "x", "Alert", { n: 1 }));
          expect(error).toBeInstanceOf(ValidationError);
          const told = `beforePut must return the whole item; ${message}`;
          expect(error.message).toContain(told);
        });
        expect(sent).toEqual([]);
      },
    );

    test.each([
      ["an error of the application's", new TypeError("the hook is broken")],
      ["an error of this package", new ValidationError({ message: "no such type" })],
      ["a text", "broken"],
    ])("that throws %s throws it unchanged, and nothing is sent", async (_, thrown) => {
      returning(() => {
        throw thrown;
      });
      const { CreatedAt: _c, UpdatedAt: _u, ...fresh } = item("x");
      const before = Object.entries(thrown);
      const sent = await table.sentBy(async () => {
        for (const call of [
          () => repository.put(item("x")),
          () => repository.create(PK, "x", "Alert", {}),
          () => repository.batchWrite([item("x"), item("y")]),
          () => repository.transactWrite([{ put: item("x") }]),
          () => repository.transactWrite([{ create: fresh }]),
        ]) {
          expect(await failure(call())).toBe(thrown);
        }
      });
      expect(Object.entries(thrown)).toEqual(before);
      expect(sent).toEqual([]);
      expect(repository.calls).toEqual([]);
    });

    test("may give an item another key, under which every call stores and names it", async () => {
      returning((own) => ({ ...own, SK: `moved#${(own as { SK: string }).SK}` }));
      expect(await repository.create(PK, "a", "Alert", { n: 1 })).toMatchObject({
        PK,
        SK: "moved#a",
      });
      await repository.put(item("b"));
      await repository.batchWrite([item("c")]);
      const { items } = await repository.queryItems(PK);
      expect(items.map(({ SK }) => SK)).toEqual(["moved#a", "moved#b", "moved#c"]);
      const again = await failure(repository.create(PK, "a", "Alert", { n: 2 }));
      expect(again).toMatchObject({ name: "ConditionalCheckFailedError", key: { SK: "moved#a" } });
    });

    test("may change the key of a review, whose index keys follow from the new one", async () => {
      returning((own) => ({ ...own, PK: "REVIEW#other", SK: `REVIEW#${PK}` }));
      const created = await repository.create(
        "REVIEW#a1",
        "REVIEW#r1",
        "Review" as AppType,
        {},
        {
          GSI1PK: `REVIEW#${PK}`,
        },
      );
      expect(created).toMatchObject({ GSI1PK: `REVIEW#${PK}`, GSI1SK: "AGENT#other" });
    });
  });

  describe("around", () => {
    test("is told of each call once, with its name and key, and sees its requests and its result", async () => {
      await repository.put(item("a", "Listing"));
      await repository.get(PK, "a");
      await repository.getItem(PK, "a");
      await repository.query(PK, "a");
      await repository.queryItems("ALERTS", undefined, { indexName: "GSI2" });
      await repository.queryBetween(PK, "a", "b");
      await repository.scan();
      await repository.scanItems();
      for await (const _ of repository.scanAll()) break;
      await repository.update(PK, "a", { n: 2 });
      await repository.batchGet([{ PK, SK: "a" }]);
      await repository.batchWrite([], [{ PK, SK: "b" }]);
      await repository.countView(PK, "a");
      await repository.delete(PK, "a");
      const key = { PK, SK: "a" };
      expect(repository.calls).toEqual([
        { operation: "put", entity: "Listing", key },
        { operation: "get", key },
        { operation: "getItem", key },
        { operation: "query", key },
        { operation: "queryItems", key: { GSI2PK: "ALERTS" } },
        { operation: "queryBetween", key },
        { operation: "scan" },
        { operation: "scanItems" },
        { operation: "scanAll" },
        { operation: "update", key },
        { operation: "batchGet" },
        { operation: "batchWrite" },
        { operation: "countView" },
        { operation: "delete", key },
      ]);
    });

    test("is not told of a call that is refused for its arguments", async () => {
      await failure(repository.get("", "a"));
      await failure(repository.query(PK, "", { limit: 0 }));
      await failure(repository.transactWrite([]));
      expect(repository.calls).toEqual([]);
    });

    test("sees the error that the caller gets, and may throw another", async () => {
      const seen: unknown[] = [];
      repository.instead = (run) =>
        run().catch((error: unknown) => {
          seen.push(error);
          throw new Error("mine", { cause: error });
        });
      const error = await failure(repository.update(PK, "none", { n: 1 }));
      expect(error).toMatchObject({ message: "mine", cause: seen[0] });
      expect(seen).toEqual([expect.objectContaining({ name: "ItemNotFoundError" })]);
    });

    test("may take the place of the call", async () => {
      repository.instead = async () => item("cached");
      const sent = await table.sentBy(async () => {
        expect(await repository.get(PK, "cached")).toEqual({ n: 1 });
      });
      expect(sent).toEqual([]);
    });
  });

  describe("send", () => {
    test("sends one request to the table, and returns the response", async () => {
      await repository.put(item("counted", "Listing"));
      let views = 0;
      const sent = await table.sentBy(async () => {
        views = await repository.countView(PK, "counted");
      });
      expect(views).toBe(1);
      expect(namesOf(sent)).toEqual(["Update"]);
      expect(sent[0]?.input).toHaveProperty("TableName", table.tableName);
      expect(await repository.countView(PK, "counted")).toBe(2);
    });

    test("retries, and fails with an error that names the method", async () => {
      const spy = jest.spyOn(getDocumentClient(), "send").mockImplementation(async () => {
        throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
      });
      const error = await failure(repository.countView(PK, "counted"));
      const attempts = spy.mock.calls.length;
      spy.mockRestore();
      expect(error).toBeInstanceOf(ThroughputExceededError);
      expect(error.operation).toBe("countView");
      expect(attempts).toBe(2);
    });
  });

  test("retryOptions are the constructor's, without the budget that withRetry has not", async () => {
    const own = new AppRepository({ maxRetries: 2, budget: false });
    expect(own.options).toEqual({ maxRetries: 2 });
    await own.put(item("raw", "Listing"));
    expect(await own.rawGet(PK, "raw")).toEqual({ n: 1 });
    expect(() => new AppRepository({ maxRetries: -1 })).toThrow(ConfigurationError);
  });

  test("tableName is the configured one, and may be another", async () => {
    class Elsewhere extends DynamoDBRepository {
      protected override get tableName() {
        return `${super.tableName}-none`;
      }
    }
    const sent = await table.sentBy(() => failure(new Elsewhere({ maxRetries: 0 }).get("a", "b")));
    expect(sent[0]?.input).toHaveProperty("TableName", `${table.tableName}-none`);
  });

  test("what tableName throws is thrown unchanged, but a wrong configuration names the call", async () => {
    const thrown = new RangeError("no tenant");
    class Tenants extends DynamoDBRepository {
      protected override get tableName(): string {
        throw thrown;
      }
    }
    const tenants = new Tenants();
    expect(await failure(tenants.get("a", "b"))).toBe(thrown);
    expect(await failure(tenants.put(item("x")))).toBe(thrown);
    expect(await failure(tenants.transactWrite([{ put: item("x") }]))).toBe(thrown);
    process.env.DYNAMODB_TABLE_NAME = "?";
    resetClients();
    try {
      const error = await failure(new DynamoDBRepository().get("a", "b"));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.operation).toBe("get");
    } finally {
      process.env.DYNAMODB_TABLE_NAME = table.tableName;
      resetClients();
    }
  });

  test("methods of a subclass may have any name that the package's code uses inside", async () => {
    class Named extends DynamoDBRepository {
      transport = 1;
      table = 2;
      read = 3;
      run = 4;
      perform = 5;
    }
    const named = new Named();
    await named.put(item("named"));
    expect(await named.get(PK, "named")).toEqual({ n: 1 });
  });
});

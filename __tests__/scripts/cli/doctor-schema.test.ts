/** `bayon-data doctor --schema`: each difference is named with the command that mends it, and nothing else is. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { Comparison } from "../../../scripts/upkeep/compare-table.js";
import { createTableInput } from "../../../src/index.js";
import { type Engine, startEngine } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bayonData } from "../run.js";

describe.each(engines)("doctor --schema on $name", ({ engine: name }) => {
  let engine: Engine;
  let client: DynamoDBClient;
  let tables = 0;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
    const { endpoint, region, credentials } = engine;
    client = new DynamoDBClient({ endpoint, region, credentials });
  });
  afterAll(async () => {
    client.destroy();
    await engine.close();
  });

  /** A table that is created as the layer does, but for what a test changes. */
  const tableOf = async (
    change: (input: CreateTableCommandInput) => CreateTableCommandInput,
    timeToLive: string | null = "TTL",
  ) => {
    tables += 1;
    const TableName = `Schema-${tables}`;
    await client.send(new CreateTableCommand({ ...change(createTableInput(TableName)) }));
    if (engine.capabilities.timeToLive && timeToLive !== null) {
      const TimeToLiveSpecification = { Enabled: true, AttributeName: timeToLive };
      await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    }
    return ["--environment", "local", "--endpoint", engine.endpoint, "--table", TableName];
  };
  const doctor = async (flags: readonly string[]) => {
    const { code, out, complaints } = await bayonData(["doctor", "--schema", "--json", ...flags]);
    expect(complaints).toBe("");
    const told = JSON.parse(out) as Comparison & { requests: number };
    expect(code).toBe(told.differences.length > 0 ? 1 : 0);
    // dynalite has no TTL, and says that it is off.
    const isOurs = ({ what }: { readonly what: string }) =>
      engine.capabilities.timeToLive || what !== "TTL";
    return { ...told, differences: told.differences.filter(isOurs) };
  };

  test("finds nothing in the table that table create makes, in three requests", async () => {
    tables += 1;
    const flags = ["--environment", "local", "--endpoint", engine.endpoint];
    const table = [...flags, "--table", `Schema-${tables}`];
    expect(await bayonData(["table", "create", ...table])).toMatchObject({ code: 0 });

    const { differences, notes, requests } = await doctor(table);
    expect(differences).toEqual([]);
    expect(notes).toContain("stream: off");
    expect(notes).toContain("billing: on demand");
    expect(requests).toBe(3);
  });

  test("names a missing index, with the request that creates it", async () => {
    const flags = await tableOf(({ GlobalSecondaryIndexes: _, ...input }) => ({
      ...input,
      AttributeDefinitions: input.AttributeDefinitions?.slice(0, 2),
    }));

    const { differences } = await doctor(flags);
    expect(differences).toHaveLength(1);
    const [{ what, is, wanted, mend } = { what: "", is: "", wanted: "", mend: [] }] = differences;
    expect({ what, is }).toEqual({ what: "index GSI1", is: "missing" });
    expect(wanted).toBe("GSI1PK (S, HASH), GSI1SK (S, RANGE), projection ALL");
    const [create = "", , adopt] = mend;
    expect(create).toContain(`aws dynamodb update-table --table-name ${flags.at(-1)} --region us-`);
    const [, updates = ""] = /--global-secondary-index-updates '(.*)'/.exec(create) ?? [];
    expect(JSON.parse(updates)).toEqual([
      { Create: createTableInput("any").GlobalSecondaryIndexes?.[0] },
    ]);
    const [environment, local, endpoint, url, table, TableName] = flags;
    expect(adopt).toBe(
      ["bayon-data adopt", environment, local, table, TableName, endpoint, url].join(" "),
    );
  });

  test("names an index with another key, projection and type", async () => {
    const flags = await tableOf((input) => ({
      ...input,
      AttributeDefinitions: [
        ...(input.AttributeDefinitions?.slice(0, 3) ?? []),
        { AttributeName: "GSI1SK", AttributeType: "N" },
      ],
      GlobalSecondaryIndexes: input.GlobalSecondaryIndexes?.map((index) => ({
        ...index,
        Projection: { ProjectionType: "KEYS_ONLY" },
      })),
    }));

    const { differences } = await doctor(flags);
    const is = "GSI1PK (S, HASH), GSI1SK (N, RANGE), projection KEYS_ONLY";
    expect(differences).toMatchObject([{ what: "index GSI1", is }]);
    expect(differences[0]?.mend[0]).toContain('[{"Delete":{"IndexName":"GSI1"}}]');
    expect(differences[0]?.mend[2]).toContain('[{"Create":{"IndexName":"GSI1"');
  });

  test("names a key of another type, which nothing changes", async () => {
    const flags = await tableOf((input) => ({
      ...input,
      AttributeDefinitions: input.AttributeDefinitions?.map((one) =>
        one.AttributeName === "SK" ? { ...one, AttributeType: "N" } : one,
      ),
    }));

    const { differences } = await doctor(flags);
    expect(differences).toMatchObject([
      {
        what: "key of the table",
        is: "PK (S, HASH), SK (N, RANGE)",
        wanted: "PK (S, HASH), SK (S, RANGE)",
      },
    ]);
    expect(differences[0]?.mend[0]).toContain("cannot be changed");
  });

  test("names TTL that is off or on another attribute", async () => {
    if (!engine.capabilities.timeToLive) return;
    const off = await doctor(await tableOf((input) => input, null));
    expect(off.differences).toMatchObject([{ what: "TTL", is: "off", wanted: "on TTL" }]);
    expect(off.differences[0]?.mend).toHaveLength(1);
    const other = await doctor(await tableOf((input) => input, "Expires"));
    expect(other.differences).toMatchObject([{ what: "TTL", is: "on Expires" }]);
    expect(other.differences[0]?.mend[0]).toContain("Enabled=false,AttributeName=Expires");
    expect(other.differences[0]?.mend[2]).toContain("Enabled=true,AttributeName=TTL");
  });

  test("names a stream that is asked for and off, or has another view", async () => {
    const flags = await tableOf((input) => input);
    const off = await doctor([...flags, "--stream"]);
    expect(off.differences).toMatchObject([{ what: "stream", is: "off" }]);
    expect(off.differences[0]?.mend[0]).toContain("StreamViewType=NEW_AND_OLD_IMAGES");
    if (!engine.capabilities.streams) return;
    const keys = await tableOf((input) => ({
      ...input,
      StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    }));
    expect((await doctor(keys)).differences).toEqual([]);
    expect((await doctor([...keys, "--stream"])).differences).toMatchObject([
      { what: "stream", is: "KEYS_ONLY", wanted: "NEW_AND_OLD_IMAGES" },
    ]);
  });

  test("notes an index of no entity, and provisioned capacity", async () => {
    const units = { ReadCapacityUnits: 4, WriteCapacityUnits: 3 };
    const flags = await tableOf((input) => {
      const [first] = createTableInput("any", ["GSI2"]).GlobalSecondaryIndexes ?? [];
      return {
        ...createTableInput(input.TableName ?? "", ["GSI1", "GSI2"]),
        BillingMode: "PROVISIONED",
        ProvisionedThroughput: units,
        GlobalSecondaryIndexes: [
          ...(input.GlobalSecondaryIndexes ?? []),
          ...(first === undefined ? [] : [first]),
        ].map((index) => ({ ...index, ProvisionedThroughput: units })),
      };
    });

    const { differences, notes } = await doctor(flags);
    expect(differences).toEqual([]);
    expect(notes).toContain("index GSI2: no entity is in it");
    expect(notes).toContain("billing: provisioned, 4 read and 3 write units");
  });
});

test.each([
  [["--schema", "--sample", "5"], "--sample cannot be used with --schema"],
  [["--schema", "--concurrency", "2"], "--concurrency cannot be used with --schema"],
  [["--pitr"], "--pitr is for --schema"],
  [["--deletion-protection"], "--deletion-protection is for --schema"],
])("doctor %j is wrong usage", async (flags, message) => {
  const { code, complaints } = await bayonData(["doctor", "--environment", "local", ...flags]);
  expect(code).toBe(2);
  expect(complaints).toContain(message);
});

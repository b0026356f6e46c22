/**
 * The judge of the truth table: each call that writes, under each fault, is judged by what the engine holds
 * afterwards, late arrivals included. Told "not done" (`mayHaveBeenDone: false`), nothing was done but
 * what is counted as written; told done, all was; `items` are exactly what is not known to be written.
 */
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { createTableInput } from "../../src/admin/table-input.js";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import type { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { DynamoDBRepository, resetClients } from "../../src/index.js";
import { type Engine, startEngine } from "../../src/testing/index.js";
import { inParallel } from "../../src/transport/parallel.js";
import { engines } from "../engines.js";
import { type At, lock, type Row, rawKey } from "./calls.js";
import { type Fault, faults } from "./faults.js";
import { Plans } from "./plans.js";

const TableName = "Acknowledgements";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const region = "us-east-1";
const retry = { initialDelayMs: 1, maxDelayMs: 2, maxRetries: 2, budget: false } as const;
/**
 * Each row meets one in so many of the faults, another part than the row before it; all of them where
 * COAGENT_TEST_RUNS asks for more. Then it takes a minute and a half.
 */
const oneIn = Number(process.env.COAGENT_TEST_RUNS ?? 1) > 1 ? 1 : 16;

/** Calls at the same time: each waits for the wire most of its time. */
const atOnce = 48;

const variables = {
  COAGENT_ENV: "local",
  AWS_ENDPOINT_URL_DYNAMODB: "",
  DYNAMODB_TABLE_NAME: TableName,
};

/** What a call told. */
type Told =
  | { readonly result: unknown }
  | { readonly error: DynamoDBError & { readonly items?: readonly object[]; written?: number } };

// Native transactions and ours: dynalite has none, and one engine tells as much as two.
const [engine = { name: "no engine", engine: "dynalite" }] = engines;

/** The engine that all rows are judged on. */
export { engine };

/** The rows that the engine can carry out. */
export const possible = (rows: readonly Row[]): readonly Row[] =>
  rows.filter(
    ({ needsTransactions }) => needsTransactions !== true || engine.engine !== "dynalite",
  );

/** Starts the engine and its proxy for the tests of a file. */
export function openCourt() {
  let running: Engine;
  let proxy: Plans;
  let table: DynamoDBDocumentClient;
  let repository: DynamoDBRepository;
  let cases = 0;
  let rowsJudged = 0;
  const before = Object.keys(variables).map((name) => process.env[name]);

  beforeAll(async () => {
    running = await startEngine({ engine: engine.engine });
    proxy = await Plans.start(running.endpoint);
    table = DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint: running.endpoint, region, credentials }),
    );
    await table.send(new CreateTableCommand(createTableInput(TableName)));
    Object.assign(process.env, { ...variables, AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
    resetClients();
    repository = new DynamoDBRepository(retry);
  });
  afterAll(async () => {
    Object.keys(variables).forEach((name, index) => {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    });
    resetClients();
    table.destroy();
    await proxy.close();
    await running.close();
  });

  const ownLayer = (tableName = TableName) =>
    createDataLayer({
      environment: "development",
      endpoint: proxy.endpoint,
      region,
      credentials,
      tableName,
      retry,
    });
  const layerOver = (maxAttempts: number, isDocument: boolean) => () => {
    const client = new DynamoDBClient({
      endpoint: proxy.endpoint,
      region,
      credentials,
      maxAttempts,
    });
    return createDataLayer({
      environment: "development",
      tableName: TableName,
      client: isDocument ? DynamoDBDocumentClient.from(client) : client,
      retry,
    });
  };

  /** Carries out one call under one fault. @returns what is wrong, in words */
  async function judged(row: Row, fault: Fault, open: () => DataLayer, shared: DataLayer) {
    cases += 1;
    const id = `case-${cases}x`;
    const units = Array.from({ length: row.units }, (_, unit) => rawKey(row, id, unit));
    if (row.before !== undefined) {
      const puts = units.map((key) => ({ PutRequest: { Item: { ...row.before, ...key } } }));
      await table.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
    }
    const controller = new AbortController();
    const data = fault.ending === "close" ? open() : shared;
    const closed: Promise<unknown>[] = [];
    proxy.arm(id, fault.plan, () => {
      if (fault.ending === "close") closed.push(data.close());
      else if (typeof fault.ending === "object") controller.abort(fault.ending.reason);
    });
    const limits = {
      ...(typeof fault.ending === "object" && { signal: controller.signal }),
      ...(fault.ending === "timeout" && { timeoutMs: 400 }),
    };
    const at: At = { id, data, repository, limits, lock };
    const told: Told = await row.run(at).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: wrapDynamoDBError(error) }),
    );
    const attempts = await proxy.settle(id);
    await Promise.all(closed);
    const { Items: there = [] } = await table.send(
      new QueryCommand({
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: "PK = :pk",
        ExpressionAttributeValues: { ":pk": units[0]?.PK },
      }),
    );
    const isDone = units.map(({ SK }) => row.isDone(there.find((item) => item.SK === SK)));
    // A time-out may come before the request is sent.
    if (attempts === 0 && fault.ending !== "timeout") return "the fault was never met";
    return verdict(row, fault, told, isDone);
  }

  const open = (row: Row) =>
    faults.filter(({ batch, ending }) => {
      if (batch === true && row.units < 10) return false;
      if (ending === undefined || row.ends === undefined) return true;
      return row.ends === "close" && ending === "close";
    });

  async function wrongOf(row: Row, layer: () => DataLayer, tellsAll = true): Promise<string[]> {
    const wrong: string[] = [];
    const shared = layer();
    rowsJudged += 1;
    const columns = open(row).filter((_, index) => (index + rowsJudged) % oneIn === 0);
    expect(columns.length).toBeGreaterThan(100 / oneIn);
    await inParallel(columns, atOnce, async (fault) => {
      // Of what a client below sent again by itself, not everything is known that is known here.
      const { must, ...rest } = fault;
      const column = tellsAll || must !== "refuse" ? fault : rest;
      const what = await judged(row, column, layer, shared);
      if (what !== undefined) wrong.push(`${fault.name}: ${what}`);
    });
    await shared.close();
    return wrong;
  }

  /** What is wrong with what a call of the table itself told, under its part of the faults. */
  async function wrongOfTable(call: "create" | "delete"): Promise<string[]> {
    const wrong: string[] = [];
    rowsJudged += 1;
    const alone = faults.filter(({ batch }) => batch !== true);
    const columns = alone.filter((_, index) => (index + rowsJudged) % oneIn === 0);
    await inParallel(columns, atOnce, async (fault) => {
      cases += 1;
      const id = `case-${cases}x`;
      const isThere = () =>
        table.send(new DescribeTableCommand({ TableName: id })).then(
          () => true,
          () => false,
        );
      if (call === "delete") await table.send(new CreateTableCommand(createTableInput(id)));
      const data = ownLayer(id);
      const controller = new AbortController();
      const closed: Promise<unknown>[] = [];
      proxy.arm(id, fault.plan, () => {
        if (fault.ending === "close") closed.push(data.close());
        else if (typeof fault.ending === "object") controller.abort(fault.ending.reason);
      });
      const limits = {
        ...(typeof fault.ending === "object" && { signal: controller.signal }),
        timeoutMs: fault.ending === "timeout" ? 400 : 10_000,
      };
      const told: Told = await data.table[call](limits).then(
        (result) => ({ result }),
        (error: unknown) => ({ error: wrapDynamoDBError(error) }),
      );
      await proxy.settle(id);
      const isDone = (await isThere()) === (call === "create");
      // What it says of who did it.
      const row = {
        units: 1,
        left: (result: unknown) => (Object.values(result as object)[0] === true ? 0 : 1),
      };
      const what = verdict(row, fault, told, [isDone]);
      if (what !== undefined) wrong.push(`${fault.name}: ${what}`);
      await data.close();
    });
    return wrong;
  }

  return { ownLayer, layerOver, wrongOf, wrongOfTable };
}

/** What is wrong with what was told, given what the engine holds; `undefined` where it is true. */
function verdict(
  row: Pick<Row, "units" | "left" | "isBatch" | "looksFirst">,
  { must }: Fault,
  told: Told,
  isDone: readonly boolean[],
): string | undefined {
  const done = isDone.filter(Boolean).length;
  if ("result" in told) {
    const left = row.left?.(told.result) ?? 0;
    if (must === "refuse" && left === 0) return "it should have been refused";
    // Of what is told to be left of a batch, some may be done: ElectroDB's form cannot say.
    const fits = left === row.units ? done === 0 : done >= row.units - left;
    return fits ? undefined : `told that ${row.units - left} are done, ${done} are`;
  }
  const { error } = told;
  const { mayHaveBeenDone: isOpen, items, written = 0, message, code } = error;
  const what = `(${code}) ${message}`;
  if (must === "succeed") return `it should have succeeded: ${what}`;
  if (must === "refuse" && isOpen) return `it is known that nothing was done: ${what}`;
  if (isOpen !== /may have been carried out/.test(message)) return `the message differs: ${what}`;
  if (!isOpen && done !== written) return `told not done, written ${written}, ${done} are: ${what}`;
  if (row.isBatch !== true) return undefined;
  // Told not done: above, nothing was.
  if (items === undefined && row.looksFirst === true && !isOpen) return undefined;
  if (items === undefined) return `it does not say what is left: ${what}`;
  if (written + items.length !== row.units)
    return `${written} written and ${items.length} left: ${what}`;
  const left = new Set(items.map(unitOf));
  const lost = isDone.findIndex((one, unit) => !one && !left.has(unit));
  return lost === -1 ? undefined : `${lost} is neither done nor among what is left: ${what}`;
}

/** Which of the inputs one is. */
function unitOf(input: object): number {
  const { projectId, SK } = input as { readonly projectId?: string; readonly SK?: string };
  return Number((projectId ?? SK ?? "").replace(/^.*p/, ""));
}

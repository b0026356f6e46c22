/** What the table answers in each cell of the benchmark. */
import { marshall } from "@aws-sdk/util-dynamodb";
import { writerPrefix } from "../../src/table/table.js";

export const tableName = "BayonCoAgent-bench";

/** When the stored items were written; this package believes no response to a write of another time. */
export const writtenAt = 1_700_000_000_000;

/** What the updates set. */
export const newName = "new";

/** A saved content of about 700 bytes, as stored in the table. */
export function rawItem(index: number) {
  return {
    PK: "USER#u1",
    SK: `CONTENT#c${index}`,
    GSI1PK: "USER#u1",
    GSI1SK: `CONTENT#1700000000000#c${index}`,
    EntityType: "SavedContent",
    userId: "u1",
    contentId: `c${index}`,
    CreatedAt: writtenAt,
    UpdatedAt: writtenAt,
    Data: {
      id: `c${index}`,
      type: "Blog Post",
      name: "Some name",
      content: "x".repeat(400),
      projectId: "p1",
      metadata: { words: 120, tags: ["a", "b", "c"], draft: false },
      createdAt: "2024-01-01T00:00:00.000Z",
    },
  };
}

const items = Array.from({ length: 1000 }, (_, index) => marshall(rawItem(index)));
const batch = (count: number) => items.slice(0, count);
const updated = { ...rawItem(0), Data: { ...rawItem(0).Data, name: newName } };
const counted = { ...rawItem(0), Data: { ...rawItem(0).Data, views: 1 } };
const page = (count: number) => ({ Items: batch(count), Count: count, ScannedCount: count });

/** The table's response in each cell. */
const answers = {
  get: { Item: items[0] },
  put: { Attributes: items[0] },
  update: { Attributes: marshall(updated) },
  add: { Attributes: marshall(counted) },
  upsert: { Attributes: marshall(updated) },
  delete: { Attributes: items[0] },
  count100: { Count: 100, ScannedCount: 100 },
  query100: page(100),
  query1000: page(1000),
  batchGet100: { Responses: { [tableName]: batch(100) }, UnprocessedKeys: {} },
  batchWrite25: { UnprocessedItems: {} },
  collection200: page(200),
};

export type CellName = keyof typeof answers;
export const cellNames = Object.keys(answers) as CellName[];

/** The cells that are measured over HTTP too. The others differ from these in their requests alone. */
export const cellsOverHttp: readonly CellName[] = [
  "get",
  "put",
  "update",
  "query100",
  "query1000",
  "batchGet100",
  "batchWrite25",
  "collection200",
];

const bodies = new Map(
  cellNames.map((name) => [name, Buffer.from(JSON.stringify(answers[name]))] as const),
);

/**
 * The body of the response to a request of a cell.
 * @param request the request's body
 */
export function answerTo(cell: CellName, request: unknown): Buffer {
  const body = bodies.get(cell);
  if (body === undefined) throw new Error(`bench: there is no cell ${cell}`);
  return cell === "add" ? signedBody(body, request) : body;
}

/**
 * The item with the signature of the update that counted in it, which this package believes no response
 * without. Finding it takes about 2 µs, and only where there is one.
 */
function signedBody(body: Buffer, request: unknown): Buffer {
  const text =
    typeof request === "string" ? request : Buffer.from(request as Uint8Array).toString();
  const at = text.indexOf(writerPrefix);
  if (at === -1) return body;
  const name = text.slice(at, text.indexOf('"', at));
  const serial = /"N":"(\d{13})"/.exec(text.replace(String(writtenAt), ""))?.[1] ?? "";
  const rest = body.toString("latin1").slice('{"Attributes":{'.length);
  return Buffer.from(`{"Attributes":{"${name}":{"N":"${serial}"},${rest}`, "latin1");
}

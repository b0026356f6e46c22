/** Writes that reached the engine when the call that they belong to waited for them no longer. */
import type { WireRequest } from "../../src/testing/index.js";
import type { Mark } from "./mark.js";

/** What one of them did to one item. */
export interface LateWrite {
  readonly place: string;
  /** What it made of the place; `undefined` where it left the mark as it was, or hid it. */
  readonly mark: Mark | undefined;
  /** It was carried out before; `Infinity` while the engine has not answered. */
  readonly before: number;
}

type Values = Readonly<Record<string, unknown>>;

/** The places of a worker's items by the start of their sort keys. */
const kinds = { CONTENT: "content", PROJECT: "project", COMPETITOR: "competitor" } as const;

/** The place that a primary key is of; `undefined` for what no worker has to itself. */
export function placeOf({ PK, SK }: Values): string | undefined {
  const [of, userId] = text(PK).split("#");
  if (of === "OAUTH") return `${userId}/oauth/`;
  if (of !== "USER") return undefined;
  const [kind, ...id] = text(SK).split("#");
  if (kind === "PROFILE") return `${userId}/profile/`;
  const name = kinds[kind as keyof typeof kinds];
  return name === undefined ? undefined : `${userId}/${name}/${id.join("#")}`;
}

/** What was carried out late, or may be still, of the requests that a proxy has noted. */
export function* lateWrites(requests: Iterable<WireRequest>): Generator<LateWrite> {
  for (const { operation, input, abandoned } of requests) {
    if (abandoned.length === 0) continue;
    const changes = changesOf(operation, input);
    for (const { answeredAt, carriedOut } of abandoned) {
      if (answeredAt !== undefined && !carriedOut) continue;
      for (const { key, mark } of changes) {
        const place = placeOf(key);
        const before = answeredAt ?? Number.POSITIVE_INFINITY;
        if (place !== undefined) yield { place, mark, before };
      }
    }
  }
}

interface Change {
  readonly key: Values;
  readonly mark: Mark | undefined;
}

function changesOf(operation: string, input: Values): Change[] {
  switch (operation) {
    case "PutItem":
      return [put(input)];
    case "UpdateItem":
      return [update(input)];
    case "DeleteItem":
      return [remove(input)];
    case "BatchWriteItem":
      return Object.values(input.RequestItems as Record<string, Values[]>)
        .flat()
        .map(({ PutRequest, DeleteRequest }) =>
          PutRequest === undefined ? remove(DeleteRequest as Values) : put(PutRequest as Values),
        );
    case "TransactWriteItems":
      return (input.TransactItems as Values[]).flatMap(({ Put, Update, Delete }) => [
        ...(Put === undefined ? [] : [put(Put as Values)]),
        ...(Update === undefined ? [] : [update(Update as Values)]),
        ...(Delete === undefined ? [] : [remove(Delete as Values)]),
      ]);
    default:
      return [];
  }
}

const put = ({ Item }: Values): Change => ({ key: Item as Values, mark: markIn(Item) });
const remove = ({ Key }: Values): Change => ({ key: Key as Values, mark: null });
const update = ({ Key, ExpressionAttributeValues }: Values): Change => ({
  key: Key as Values,
  mark: markIn(ExpressionAttributeValues),
});

function text(value: unknown): string {
  return String((value as { S?: string } | undefined)?.S);
}

/** The mark within attribute values: no write has two. */
function markIn(value: unknown): string | undefined {
  if (typeof value === "string") return /^m\d+$/.test(value) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const part of Object.values(value)) {
    const mark = markIn(part);
    if (mark !== undefined) return mark;
  }
  return undefined;
}

/** Writes that reached the engine when the call to which they belong was no longer waiting for them. */
import type { WireRequest } from "../../src/testing/index.js";
import type { Mark } from "./mark.js";

/** What one of them did to one item. */
export interface LateWrite {
  readonly place: string;
  /** The mark that it left in the place; `undefined` if it left the mark unchanged, or hid it. */
  readonly mark: Mark | undefined;
  /** It was carried out before this time; `Infinity` while the engine has not responded. */
  readonly before: number;
}

type Values = Readonly<Record<string, unknown>>;

/** The places of a worker's items by the start of their sort keys. */
const kinds = { CONTENT: "content", PROJECT: "project", COMPETITOR: "competitor" } as const;

/** The place of a primary key; `undefined` if it does not belong to one worker alone. */
export function placeOf({ PK, SK }: Values): string | undefined {
  const [of, userId] = text(PK).split("#");
  if (of === "OAUTH") return `${userId}/oauth/`;
  if (of !== "USER") return undefined;
  const [kind, ...id] = text(SK).split("#");
  if (kind === "PROFILE") return `${userId}/profile/`;
  const name = kinds[kind as keyof typeof kinds];
  return name === undefined ? undefined : `${userId}/${name}/${id.join("#")}`;
}

/** What was carried out late, or still may be, of the requests that a proxy has recorded. */
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

/** The one order of items in time, which is the index's: by time, then by id. */

/** What an item is ordered by: a time, then its id. */
export type Place = readonly [time: number, id: string];

/**
 * A copy, newest first; of the same time the last id comes first, as a query by `createdAt` in
 * descending order has it.
 */
export function newestFirst<T>(items: readonly T[], placeOf: (item: T) => Place): T[] {
  return items
    .map((item) => ({ item, place: placeOf(item) }))
    .sort((a, b) => compared(b.place, a.place))
    .map(({ item }) => item);
}

/** The items of a list. Unlike a query's page, one with a `limit` reads no item more than that. */
export async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function compared([time, id]: Place, [otherTime, otherId]: Place): number {
  return time - otherTime || comparedIds(id, otherId);
}

/** DynamoDB orders texts by their UTF-8 bytes; JavaScript would by UTF-16 units. */
function comparedIds(id: string, other: string): number {
  return id === other ? 0 : Buffer.compare(Buffer.from(id), Buffer.from(other));
}

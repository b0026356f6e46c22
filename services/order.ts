/** The one order of items in time, which is also the index's order: by time, then by id. */

/** The values by which an item is ordered: a time, then its id. */
export type Place = readonly [time: number, id: string];

/**
 * A copy, newest first. Of items with the same time, the one with the greatest id comes first, as in
 * a query by `createdAt` in descending order.
 */
export function newestFirst<T>(items: readonly T[], placeOf: (item: T) => Place): T[] {
  return items
    .map((item) => ({ item, place: placeOf(item) }))
    .sort((a, b) => compared(b.place, a.place))
    .map(({ item }) => item);
}

/** The items of a list. Unlike a query's page, a list with a `limit` reads no more items than that. */
export async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function compared([time, id]: Place, [otherTime, otherId]: Place): number {
  return time - otherTime || comparedIds(id, otherId);
}

/** DynamoDB orders strings by their UTF-8 bytes; JavaScript would use UTF-16 units. */
function comparedIds(id: string, other: string): number {
  return id === other ? 0 : Buffer.compare(Buffer.from(id), Buffer.from(other));
}

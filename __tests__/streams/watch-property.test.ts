/** Any tree of shards, any faults and any stops: every change comes, and those of an item in order. */
import fc from "fast-check";
import { watch } from "../../src/streams/index.js";
import { longEnough, tries } from "../properties/arbitraries.js";
import { ScriptedStream } from "./scripted-stream.js";

/** For each shard: which earlier one it is a child of, how many records it has, and of how many items. */
const tree = fc.array(
  fc.record({ parent: fc.nat(), records: fc.nat({ max: 7 }), isRoot: fc.boolean() }),
  { minLength: 1, maxLength: 6 },
);
const faults = fc.array(
  fc.constantFrom(
    ...[undefined, undefined, undefined, "LimitExceededException", "ECONNRESET"],
    ...["ExpiredIteratorException", "InternalServerError"],
  ),
  { minLength: 1, maxLength: 12 },
);
/** After how many changes the reader stops, again and again. */
const stops = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 });

test(
  "whatever the tree, the faults and the stops, each change comes at least once and in order",
  async () => {
    await fc.assert(
      fc.asyncProperty(tree, faults, stops, async (shards, planned, pauses) => {
        const stream = await ScriptedStream.open();
        const data = stream.layer();
        try {
          const expected = grow(stream, shards);
          let asked = 0;
          stream.fault = ({ name }) => {
            asked += 1;
            const fault = planned[asked % planned.length];
            const isOther = fault === "ExpiredIteratorException" && name !== "GetRecords";
            return asked > 12 || isOther ? undefined : fault;
          };
          const seen = new Map<string, number[]>();
          let from = "start";
          for (const pause of [...pauses, undefined]) {
            let left = pause ?? Number.POSITIVE_INFINITY;
            const isDone = () => [...expected].every(([item, n]) => seen.get(item)?.includes(n));
            if (isDone()) break;
            for await (const change of watch(data, { from })) {
              const { key, after } = change as never as {
                readonly key: { readonly contentId: string };
                readonly after: { readonly data: { readonly title: string } };
              };
              const own = seen.get(key.contentId) ?? [];
              seen.set(key.contentId, [...own, Number(after.data.title)]);
              left -= 1;
              // Saved before the next one is asked for, as a user does it.
              from = change.checkpoint;
              if (left === 0 || isDone()) break;
            }
          }
          for (const [item, last] of expected) {
            const inOrder = Array.from({ length: last }, (_, at) => at + 1);
            expect(seen.get(item)).toEqual(inOrder);
          }
        } finally {
          await data.close();
          await stream.close();
        }
      }),
      tries(8),
    );
  },
  longEnough,
);

/**
 * Makes the shards, with all that have a child closed. An item goes on in the children of its shard, as when
 * a partition splits. @returns the number of the last change of each item
 */
function grow(
  stream: ScriptedStream,
  shards: readonly { parent: number; records: number; isRoot: boolean }[],
): Map<string, number> {
  const itemOf: string[] = [];
  const taken = new Set<number>();
  const last = new Map<string, number>();
  shards.forEach(({ parent, records, isRoot }, at) => {
    const from = isRoot || at === 0 ? undefined : parent % at;
    stream.shard(`s${at}`, from === undefined ? undefined : `s${from}`);
    // The first child takes the item over, and each other shard begins with one of its own.
    const inherited = from === undefined || taken.has(from) ? undefined : itemOf[from];
    if (from !== undefined) taken.add(from);
    const item = inherited ?? `i${at}`;
    itemOf.push(item);
    for (let n = 0; n < records; n += 1) {
      const next = (last.get(item) ?? 0) + 1;
      last.set(item, next);
      stream.write(`s${at}`, { item, n: next });
    }
  });
  const parents = new Set([...stream.shards.values()].map(({ parent }) => parent));
  for (const id of stream.shards.keys()) if (parents.has(id)) stream.end(id);
  return last;
}

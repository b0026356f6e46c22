/** Types of counts, ranges of ids and consistent reads: what does not fit the sort key does not compile. */
import type { DataLayer, DataLayerOf } from "bayon-coagent-data";
import type { indexedEntities } from "../indexed-entities.js";
import type { ownEntities } from "../own-entities.js";

type Own = DataLayerOf<typeof ownEntities & typeof indexedEntities, false>;

export async function ranges(data: DataLayer, own: Own): Promise<void> {
  const user = { userId: "u" };
  const count: number = await data.project.count(user, {
    startsWith: "p",
    where: { name: "n" },
    consistent: true,
  });
  void count;
  await data.project.query(user, { between: ["a", "b"], by: "key", consistent: true });
  await data.forUser("u").project.count({}, { between: ["a", "b"] });
  for await (const one of data.project.list(user, { startsWith: "p" })) void one.projectId;
  const { previous } = await data.project.query(user, { limit: 1 });
  await data.project.query(user, { cursor: previous });

  // @ts-expect-error a count has no pages
  await data.project.count(user, { limit: 1 });
  // @ts-expect-error a count reads no fields
  await data.project.count(user, { fields: ["name"] });
  // @ts-expect-error an id is a text
  await data.project.query(user, { startsWith: 5 });
  // @ts-expect-error a range has two ends
  await data.project.query(user, { between: ["a"] });
  // @ts-expect-error an id is a text
  await data.project.query(user, { between: [1, 2] });
  // @ts-expect-error there is one profile in a partition, without an id
  await data.userProfile.query(user, { startsWith: "p" });
  // @ts-expect-error there is one profile in a partition, without an id
  await data.userProfile.query(user, { between: ["a", "b"] });

  // Of several parts, the first one is meant: a day, which stands before a number.
  await own.attempt.query({ quizId: "q" }, { between: ["2025-03-01", "2025-03-31"] });
  await own.attempt.count({ quizId: "q" }, { startsWith: "2025-03" });
  // @ts-expect-error the number stands behind the day
  await own.attempt.query({ quizId: "q" }, { between: [1, 2] });
  // @ts-expect-error times have from and to
  await own.auditLog.query({ orgId: "o" }, { startsWith: "17" });
  await own.auditLog.count({ orgId: "o" }, { from: 1 });

  await own.indexedLead.countBy("byStatus", { status: "new" }, { from: 1, where: { name: "n" } });
  await own.indexedLead.queryBy("byOwnStatus", user, { between: ["new", "won"] });
  await own.indexedLead.countBy("byOwnStatus", { userId: "u", status: "new" }, { startsWith: "l" });
  // @ts-expect-error an index has no consistent reads
  await own.indexedLead.queryBy("byOwnStatus", user, { consistent: true });
  // @ts-expect-error a count has no pages
  await own.indexedLead.countBy("byOwnStatus", user, { cursor: null });
  // @ts-expect-error the creation time is not in the sort key
  await own.indexedLead.countBy("byOwnStatus", user, { from: 1 });
}

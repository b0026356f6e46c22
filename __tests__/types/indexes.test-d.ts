/** Types of further indexes: wrong names, parts, values and options do not compile. */
import type { DataLayerOf } from "bayon-coagent-data";
import type { indexedEntities } from "../indexed-entities.js";

type Data = DataLayerOf<typeof indexedEntities, false>;

export async function indexes(data: Data): Promise<void> {
  const { items } = await data.indexedLead.queryBy(
    "byStatus",
    { status: "new", leadId: "l" },
    { from: 1, to: 2, order: "desc", limit: 3, where: { score: 1 }, fields: ["name"] },
  );
  const name: string | undefined = items[0]?.data.name;
  void name;
  // @ts-expect-error the field was not asked for
  void items[0]?.data.score;
  for await (const one of data.indexedLead.listBy("byType", {})) void one.data.status;
  await data.indexedHouse.queryBy("byAgent", { agent: "ada" });
  await data.indexedMember.queryBy("byMember", { memberId: "m", teamId: "t" });

  // @ts-expect-error there is no such index
  await data.indexedLead.queryBy("byState", { status: "new" });
  // @ts-expect-error the order of creation is read by query
  await data.indexedLead.queryBy("byCreatedAt", { userId: "u" });
  // @ts-expect-error a part is missing
  await data.indexedLead.queryBy("byStatus", {});
  // @ts-expect-error a field goes by its own name
  await data.indexedLead.queryBy("byStatus", { "data.status": "new" });
  // @ts-expect-error it is no part of the index
  await data.indexedLead.queryBy("byStatus", { status: "new", name: "Ada" });
  // @ts-expect-error a part is a string
  await data.indexedLead.queryBy("byStatus", { status: 1 });
  // @ts-expect-error the payload has no such value
  await data.indexedHouse.queryBy("byAgent", { agent: "cy" });
  // @ts-expect-error the creation time is not in the sort key
  await data.indexedLead.queryBy("byOwnStatus", { userId: "u" }, { from: 1 });
  // @ts-expect-error an index is read in one way
  await data.indexedLead.queryBy("byStatus", { status: "new" }, { by: "key" });

  const user = data.forUser("u");
  await user.indexedLead.queryBy("byOwnStatus", { status: "new" });
  // @ts-expect-error its partitions have items of others
  await user.indexedLead.queryBy("byStatus", { status: "new" });
  // @ts-expect-error the user is fixed
  await user.indexedLead.queryBy("byOwnStatus", { userId: "u", status: "new" });
  const team = data.scope({ teamId: "t" });
  // @ts-expect-error its partitions have items of others
  await team.indexedMember.queryBy("byMember", { memberId: "m" });
  const org = data.scope({ orgId: "o" });
  await org.indexedEvent.queryBy("byKindOfOrg", { kind: "k" }, { from: 1 });
}

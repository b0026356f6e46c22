import {
  getAgentProfileKeys,
  getBrandAuditKeys,
  getCompetitorKeys,
  getMarketingPlanKeys,
  getOAuthTokenKeys,
  getProjectKeys,
  getResearchReportKeys,
  getReviewAnalysisKeys,
  getReviewKeys,
  getSavedContentKeys,
  getTrainingProgressKeys,
  getUserProfileKeys,
} from "../../src/keys/key-functions.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { inputOf, keyOf, type Registered, registry, storeOf } from "../registry.js";

const keysOf: Readonly<Record<string, (owner: string, id: string) => { PK: string; SK: string }>> =
  {
    userProfile: getUserProfileKeys,
    realEstateAgentProfile: getAgentProfileKeys,
    review: getReviewKeys,
    brandAudit: getBrandAuditKeys,
    competitor: getCompetitorKeys,
    researchReport: getResearchReportKeys,
    project: getProjectKeys,
    savedContent: getSavedContentKeys,
    trainingProgress: getTrainingProgressKeys,
    marketingPlan: getMarketingPlanKeys,
    reviewAnalysis: getReviewAnalysisKeys,
    oauthToken: getOAuthTokenKeys,
  };

/** The index keys of data-model.md, written out. */
const indexKeysOf: Readonly<Record<string, (owner: string, id: string) => object>> = {
  review: (owner, id) => ({ GSI1PK: `REVIEW#${id}`, GSI1SK: `AGENT#${owner}` }),
  researchReport: (owner, id) => dated(owner, `REPORT#0000000000007#${id}`),
  project: (owner, id) => dated(owner, `PROJECT#0000000000007#${id}`),
  savedContent: (owner, id) => dated(owner, `CONTENT#0000000000007#${id}`),
  marketingPlan: (owner, id) => dated(owner, `PLAN#0000000000007#${id}`),
};

function dated(owner: string, sortKey: string): object {
  return { GSI1PK: `USER#${owner}`, GSI1SK: sortKey };
}

const oddIds = [
  "1700000000000",
  "a#b#c",
  "#",
  "line\nbreak",
  "\n",
  " spaces ",
  "MixedCase",
  "ünïcode 🏡",
  "${userId}",
  "CONTENT#x",
  "__proto__",
  "%23&?=/\\'\"",
  "\u0000",
];

describe.each(engines)("keys on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name, owner, id } = entity;

    test("the key function, ElectroDB and the table agree, whatever the ids hold", async () => {
      const store = storeOf(table.data, entity);
      for (const odd of oddIds) {
        const user = `${name}-${odd}`;
        const input = { ...inputOf(entity, user, odd), createdAt: 7 };
        const key = keyOf(entity, input);
        const expected = keysOf[name]?.(user, odd);
        const { PK, SK } = expected ?? { PK: "", SK: "" };
        expect(store.entity.get(key).params().Key).toEqual({ PK, SK });
        // A review's function gives its index keys too.
        expect(expected).toEqual({
          PK,
          SK,
          ...(name === "review" && indexKeysOf.review?.(user, odd)),
        });
        await store.put(input);
        const raw = await table.raw.get(PK, SK);
        expect(raw).toMatchObject({ PK, SK, ...key, ...indexKeysOf[name]?.(user, odd) });
        expect(await store.get(key)).toMatchObject(key);
        const { items } = await store.query({ [owner]: user });
        expect(items).toMatchObject([key]);
        expect(await store.batchGet([key])).toMatchObject([key]);
        expect(await store.delete(key)).toMatchObject(key);
      }
    });

    test("ids that share a beginning are told apart", async () => {
      await expectApart(entity, [
        ["pre-a", "x"],
        ["pre-a#", "x"],
        ["pre-a#x", "x"],
        ...(id === undefined
          ? []
          : ([
              ["pre-a", "x#y"],
              ["pre-a", "X"],
              ["pre-a", " x"],
            ] as const)),
      ]);
    });

    async function expectApart(
      registered: Registered,
      pairs: readonly (readonly [string, string])[],
    ): Promise<void> {
      const store = storeOf(table.data, registered);
      const inputs = pairs.map(([user, itemId]) =>
        inputOf(registered, `${name}-${user}`, itemId, { mark: `${user}/${itemId}` }),
      );
      for (const input of inputs) await store.create(input);
      const found = await store.batchGet(inputs.map((input) => keyOf(registered, input)));
      expect(found.map((item) => item?.data.mark)).toEqual(inputs.map((input) => input.data.mark));
    }
  });
});

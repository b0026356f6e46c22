/** Keys hold any id: it goes in, and the same comes out, up to the last byte that DynamoDB takes. */
import fc from "fast-check";
import type { FacadeName } from "../../services/entities.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import {
  extractEntityIdFromSK,
  extractUserIdFromPK,
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
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";
import { id, time, tries } from "./arbitraries.js";

interface Keys {
  /** What the keys begin with, written out. */
  readonly pk: string;
  readonly sk: string;
  readonly functionOf: (owner: string, id: string) => { PK: string; SK: string };
  /** UTF-8 bytes that the owner and the id may have. */
  readonly mostOwner: number;
  readonly mostId: number;
}

const ofUser = { pk: "USER#", mostOwner: 2043 };
const keys: { readonly [F in FacadeName]: Keys } = {
  userProfile: { ...ofUser, sk: "PROFILE", functionOf: getUserProfileKeys, mostId: 0 },
  realEstateAgentProfile: {
    ...ofUser,
    sk: "AGENT#",
    functionOf: getAgentProfileKeys,
    mostId: 1018,
  },
  // The agent's id is in the index's sort key, too: AGENT#<agentId>.
  review: {
    pk: "REVIEW#",
    mostOwner: 1018,
    sk: "REVIEW#",
    functionOf: getReviewKeys,
    mostId: 1017,
  },
  brandAudit: { ...ofUser, sk: "AUDIT#", functionOf: getBrandAuditKeys, mostId: 1018 },
  competitor: { ...ofUser, sk: "COMPETITOR#", functionOf: getCompetitorKeys, mostId: 1013 },
  // The index's sort key holds 13 digits and a # more.
  researchReport: { ...ofUser, sk: "REPORT#", functionOf: getResearchReportKeys, mostId: 1003 },
  project: { ...ofUser, sk: "PROJECT#", functionOf: getProjectKeys, mostId: 1002 },
  savedContent: { ...ofUser, sk: "CONTENT#", functionOf: getSavedContentKeys, mostId: 1002 },
  trainingProgress: {
    ...ofUser,
    sk: "TRAINING#",
    functionOf: getTrainingProgressKeys,
    mostId: 1015,
  },
  marketingPlan: { ...ofUser, sk: "PLAN#", functionOf: getMarketingPlanKeys, mostId: 1005 },
  reviewAnalysis: { ...ofUser, sk: "ANALYSIS#", functionOf: getReviewAnalysisKeys, mostId: 1015 },
  oauthToken: {
    pk: "OAUTH#",
    mostOwner: 2042,
    sk: "",
    functionOf: getOAuthTokenKeys,
    mostId: 1024,
  },
};

/** A text of so many UTF-8 bytes, as many of them as possible in the given character. */
function textOf(bytes: number, character: string): string {
  const count = Math.floor(bytes / Buffer.byteLength(character));
  return character.repeat(count) + "x".repeat(bytes - count * Buffer.byteLength(character));
}

const character = fc.constantFrom("x", "#", "é", "€", "𐀀", "\u0000");

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name, owner, id: idPart, dated } = entity;
    const { pk, sk, functionOf, mostOwner, mostId } = keys[name];
    const store = () => storeOf(table.data, entity);

    test("any id is in the key as it is, and comes out of it as it was", async () => {
      await fc.assert(
        fc.asyncProperty(id, id, time, async (user, itemId, createdAt) => {
          await store().batchPut([{ ...inputOf(entity, user, itemId), createdAt }]);
          const key = keyOf(entity, inputOf(entity, user, itemId));
          const PK = `${pk}${user}`;
          const SK = idPart === undefined ? sk : `${sk}${itemId}`;

          expect(functionOf(user, itemId)).toMatchObject({ PK, SK });
          expect(await table.raw.get(PK, SK)).toMatchObject({ PK, SK, ...key });
          expect(await store().get(key)).toMatchObject(key);
          expect(await store().batchGet([key])).toEqual([expect.objectContaining(key)]);
          const partition = { [owner]: user };
          expect((await store().query(partition)).items).toContainEqual(
            expect.objectContaining(key),
          );
          if (dated) {
            const page = await store().query(partition, { from: createdAt, to: createdAt });
            expect(page.items).toContainEqual(expect.objectContaining({ ...key, createdAt }));
          }
          if (pk === "USER#") expect(extractUserIdFromPK(PK)).toBe(user);
          if (sk.endsWith("#")) expect(extractEntityIdFromSK(SK)).toBe(itemId);
          expect(await store().delete(key)).toMatchObject(key);
          expect(await table.raw.get(PK, SK)).toBeUndefined();
        }),
        tries(5),
      );
    });

    test("the longest ids that keys can hold are stored, a byte more is refused", async () => {
      await fc.assert(
        fc.asyncProperty(character, async (filling) => {
          const longOwner = textOf(mostOwner, filling);
          const longId = textOf(mostId, filling);
          const input = inputOf(entity, longOwner, longId);
          await store().put(input);
          expect(await store().get(keyOf(entity, input))).toMatchObject(keyOf(entity, input));
          expect((await store().query({ [owner]: longOwner })).items).toHaveLength(1);

          table.data.wire.clear();
          const tooLong = [{ part: owner, input: inputOf(entity, `${longOwner}x`, "i") }];
          if (idPart !== undefined) {
            tooLong.push({
              part: idPart as typeof owner,
              input: inputOf(entity, "u", `${longId}x`),
            });
          }
          for (const { part, input: refused } of tooLong) {
            const calls = [
              () => store().put(refused),
              () => store().create(refused),
              () => store().get(keyOf(entity, refused)),
              () => store().delete(keyOf(entity, refused)),
            ];
            for (const call of calls) {
              const { issues } = await failureOf(call(), ValidationError);
              expect(issues).toEqual([
                { path: part, message: expect.stringMatching(/at most \d+$/) },
              ]);
            }
          }
          expect(table.data.wire.requests).toEqual([]);
        }),
        tries(3),
      );
    });
  });
});

import fc from "fast-check";
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
  getUserItemPrefix,
  getUserProfileKeys,
} from "../../src/keys/key-functions.js";
import { compileTemplate, keyLengthRule, keyPartRule } from "../../src/keys/template.js";
import { anyText } from "../any-text.js";

const ofUser = {
  AGENT: getAgentProfileKeys,
  AUDIT: getBrandAuditKeys,
  COMPETITOR: getCompetitorKeys,
  REPORT: getResearchReportKeys,
  PROJECT: getProjectKeys,
  CONTENT: getSavedContentKeys,
  TRAINING: getTrainingProgressKeys,
  PLAN: getMarketingPlanKeys,
  ANALYSIS: getReviewAnalysisKeys,
};

/** Any text that UTF-8 can hold and that fits into a sort key. */
const id = anyText({ minLength: 1, maxLength: 80 });

describe("the key functions", () => {
  test("build the keys of the data model", () => {
    expect(getUserProfileKeys("user123")).toEqual({ PK: "USER#user123", SK: "PROFILE" });
    expect(getSavedContentKeys("user123", "content456")).toEqual({
      PK: "USER#user123",
      SK: "CONTENT#content456",
    });
    for (const [prefix, keys] of Object.entries(ofUser)) {
      expect(keys("u1", "x")).toEqual({ PK: "USER#u1", SK: `${prefix}#x` });
    }
    expect(getReviewKeys("agent1", "review1")).toMatchObject({
      PK: "REVIEW#agent1",
      SK: "REVIEW#review1",
    });
  });

  test("an OAuth token's provider is Google's where none is named", () => {
    expect(getOAuthTokenKeys("u1")).toEqual({ PK: "OAUTH#u1", SK: "GOOGLE_BUSINESS" });
    expect(getOAuthTokenKeys("u1", undefined)).toEqual({ PK: "OAUTH#u1", SK: "GOOGLE_BUSINESS" });
    expect(getOAuthTokenKeys("u1", "ZILLOW")).toEqual({ PK: "OAUTH#u1", SK: "ZILLOW" });
  });

  test("keep an id as it is: case, spaces and the separator", () => {
    expect(getProjectKeys("Us#er", " Ünïcode #1 ")).toEqual({
      PK: "USER#Us#er",
      SK: "PROJECT# Ünïcode #1 ",
    });
  });

  test("take no id for a placeholder of another part", () => {
    expect(getSavedContentKeys("${contentId}", "$&")).toEqual({
      PK: "USER#${contentId}",
      SK: "CONTENT#$&",
    });
  });

  test("any id comes back from its key", () => {
    fc.assert(
      fc.property(id, id, (userId, entityId) => {
        for (const keys of Object.values(ofUser)) {
          const { PK, SK } = keys(userId, entityId);
          expect(extractUserIdFromPK(PK)).toBe(userId);
          expect(extractEntityIdFromSK(SK)).toBe(entityId);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("different ids have different keys", () => {
    fc.assert(
      fc.property(id, id, id, id, (user1, id1, user2, id2) => {
        fc.pre(user1 !== user2 || id1 !== id2);
        expect(getSavedContentKeys(user1, id1)).not.toEqual(getSavedContentKeys(user2, id2));
      }),
      { numRuns: 50 },
    );
  });
});

describe("an id that makes no key", () => {
  test.each([
    ["empty", "", "must not be empty"],
    ["missing", undefined, "is missing: a non-empty string is expected"],
    ["null", null, "is missing: a non-empty string is expected"],
    ["a number", 42, "must be a string, not number"],
    ["an array", ["a"], "must be a string, not array"],
    ["an object", { id: "a" }, "must be a string, not object"],
    ["half a surrogate pair", "a\udc00", "must not contain a lone surrogate"],
  ])("is refused: %s", (_, value, rule) => {
    const call = () => getSavedContentKeys("u1", value as string);
    expect(call).toThrow(ValidationError);
    expect(call).toThrow(`keys of SavedContent: contentId ${rule}`);
  });

  test("is told beside all others of the call, each with its path", () => {
    try {
      getReviewKeys("", undefined as unknown as string);
      throw new Error("it did not fail");
    } catch (error) {
      expect(error).toHaveProperty("issues", [
        { path: "agentId", message: "must not be empty" },
        { path: "reviewId", message: "is missing: a non-empty string is expected" },
      ]);
    }
  });

  test("is refused where the key passes DynamoDB's length in UTF-8 bytes", () => {
    // "USER#" and "CONTENT#" take 5 and 8 bytes.
    expect(getUserProfileKeys("x".repeat(2043)).PK).toHaveLength(2048);
    expect(() => getUserProfileKeys("x".repeat(2044))).toThrow("2049 bytes: at most 2048");
    expect(getSavedContentKeys("u", "é".repeat(508)).SK).toHaveLength(516);
    expect(() => getSavedContentKeys("u", `${"é".repeat(508)}x`)).toThrow(
      "1025 bytes: at most 1024",
    );
  });

  test("is never shown in a message", () => {
    expect(() => getUserProfileKeys("secret".repeat(400))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});

describe("the helpers", () => {
  test("getUserItemPrefix gives the sort key prefix, or else the partition", () => {
    expect(getUserItemPrefix("u1")).toBe("USER#u1");
    expect(getUserItemPrefix("u1", "CONTENT#")).toBe("CONTENT#");
    expect(() => getUserItemPrefix("")).toThrow(ValidationError);
  });

  test("extractUserIdFromPK knows user partitions only", () => {
    expect(extractUserIdFromPK("USER#a#b\nc")).toBe("a#b\nc");
    for (const other of ["USER#", "OAUTH#u1", "user#u1", "REVIEW#USER#u1", ""]) {
      expect(extractUserIdFromPK(other)).toBeNull();
    }
  });

  test("extractEntityIdFromSK knows sort keys with an id only", () => {
    expect(extractEntityIdFromSK("CONTENT#a#b")).toBe("a#b");
    expect(extractEntityIdFromSK("CONTENT#line\nbreak")).toBe("line\nbreak");
    for (const other of ["PROFILE", "CONTENT#", "GOOGLE_BUSINESS", "content#1", ""]) {
      expect(extractEntityIdFromSK(other)).toBeNull();
    }
  });
});

describe("templates", () => {
  test("a creation time is padded so that keys sort by it", () => {
    const template = compileTemplate("REPORT#${createdAt}#${reportId}");
    const keys = [9_999_999_999_999, 0, 1_700_000_000_000, 5].map((createdAt) =>
      template.build({ createdAt, reportId: "r" }),
    );
    expect(keys.sort()).toEqual([
      "REPORT#0000000000000#r",
      "REPORT#0000000000005#r",
      "REPORT#1700000000000#r",
      "REPORT#9999999999999#r",
    ]);
    expect(template).toMatchObject({ prefix: "REPORT#", parts: ["createdAt", "reportId"] });
  });

  test("one without parts is its own key", () => {
    const template = compileTemplate("PROFILE");
    expect(template).toMatchObject({ prefix: "PROFILE", parts: [] });
    expect(template.build({})).toBe("PROFILE");
  });

  test("the rules name what is wrong and nothing where all is well", () => {
    expect(keyPartRule("a")).toBeUndefined();
    expect(keyPartRule("😀")).toBeUndefined();
    expect(keyLengthRule("sort", "x".repeat(1024))).toBeUndefined();
    expect(keyLengthRule("partition", "x".repeat(2049))).toBe(
      "makes a partition key of 2049 bytes: at most 2048",
    );
  });
});

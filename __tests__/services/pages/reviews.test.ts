import { ConditionalCheckFailedError } from "../../../src/errors/conditional-check-failed-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { make, type TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { firstWave, Recorder } from "../recorder.js";

const now = 1_700_000_000_000;

describe.each(engines)("reviews on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, { requestHandler: wire });
  let data: TestDataLayer;
  let agents = 0;
  let agentId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    agents += 1;
    agentId = `agent-${agents}`;
  });

  const review = (reviewId: string, fields: object = {}, createdAt = now) =>
    make.review({ agentId, reviewId, createdAt, data: fields });

  describe("by an id alone", () => {
    test("one is found in 1 request and deleted in 2", async () => {
      const reviewId = `one-of-${agentId}`;
      const stored = await data.review.create(review(reviewId));
      wire.clear();
      expect(await data.reviews.byId(reviewId)).toEqual(stored);
      expect(wire.names).toEqual(["Query"]);
      expect(wire.asked[0]?.input).toMatchObject({ IndexName: "GSI1" });
      wire.clear();
      expect(await data.reviews.deleteById(reviewId)).toEqual(stored);
      expect(wire.names).toEqual(["Query", "DeleteItem"]);
      expect(await data.reviews.byId(reviewId)).toBeNull();
      expect(await data.review.get(stored)).toBeNull();
    });

    test("none is null, for a delete too, and 1 request", async () => {
      expect([await data.reviews.byId("none"), await data.reviews.deleteById("none")]).toEqual([
        null,
        null,
      ]);
      expect(wire.names).toEqual(["Query", "Query"]);
    });

    test("an id that others begin with, or with special characters, is found as itself", async () => {
      const ids = ["a", "a#b", "a#", "#", "REVIEW#a", "ü 漢\n"].map((id) => `${agentId}-${id}`);
      await data.review.batchPut(ids.map((id) => review(id)));
      for (const id of ids) expect((await data.reviews.byId(id))?.reviewId).toBe(id);
      expect(await data.reviews.byId(agentId)).toBeNull();
    });

    test("an old review with a lone GSI1PK is found once it is adopted", async () => {
      const reviewId = `old-of-${agentId}`;
      await table.raw.put({
        PK: `REVIEW#${agentId}`,
        SK: `REVIEW#${reviewId}`,
        GSI1PK: `REVIEW#${reviewId}`,
        EntityType: "Review",
        Data: { rating: 5, comment: "c", source: "Google", author: { name: "Lee" } },
      });
      expect(await data.reviews.byId(reviewId)).toBeNull();
      await data.review.put(review(reviewId));
      expect((await data.reviews.byId(reviewId))?.agentId).toBe(agentId);
    });

    test.each([
      ["of another entity", "Project", "PROJECT#p1"],
      ["of no kind", undefined, "PROJECT#p1"],
      ["that says that it is a review", "Review", "PROJECT#p1"],
      ["that is another review", "Review", "REVIEW#another"],
    ])(
      "a row %s that carries the review's index keys is passed over (it was returned as a review of agent 'llory', and hid the real one)",
      async (_, EntityType, SK) => {
        const reviewId = `carried-${agentId}`;
        const stored = await data.review.create(review(reviewId));
        // In the index before the review, and behind it; of a user, and of an agent.
        for (const [PK, GSI1SK] of [
          ["USER#mallory", "AGENT#!"],
          ["REVIEW#!", "AGENT#!"],
          ["USER#mallory", `AGENT#${agentId}`],
          ["REVIEW#mallory", `AGENT#${agentId}`],
          ["USER#mallory", "AGENT#~"],
        ]) {
          const row = {
            PK,
            SK: `${SK}-${reviewId}-${GSI1SK}`,
            GSI1PK: `REVIEW#${reviewId}`,
            GSI1SK,
          };
          await table.raw.put({ ...row, ...(EntityType && { EntityType }), Data: { name: "x" } });
        }
        expect(await table.raw.index(`REVIEW#${reviewId}`)).toHaveLength(6);
        expect(await data.reviews.byId(reviewId)).toEqual(stored);
        expect(await data.reviews.deleteById(reviewId)).toEqual(stored);
        expect(await data.reviews.byId(reviewId)).toBeNull();
        expect(await data.reviews.deleteById(reviewId)).toBeNull();
        expect(await table.raw.index(`REVIEW#${reviewId}`)).toHaveLength(5);
      },
    );

    test("another agent's review under a stolen sort key of the index is not the agent's", async () => {
      const reviewId = `stolen-${agentId}`;
      const stored = await data.review.create(review(reviewId));
      await table.raw.put({
        PK: "REVIEW#!mallory",
        SK: `REVIEW#${reviewId}`,
        GSI1PK: `REVIEW#${reviewId}`,
        GSI1SK: `AGENT#${agentId}`,
        EntityType: "Review",
        Data: {},
      });
      expect(await data.reviews.byId(reviewId)).toEqual(stored);
      expect(await data.reviews.deleteById(reviewId)).toEqual(stored);
      expect(await table.raw.get("REVIEW#!mallory", `REVIEW#${reviewId}`)).toBeDefined();
    });

    test("rows that fill a page of the index hide no review behind them", async () => {
      const reviewId = `behind-${agentId}`;
      const stored = await data.review.create(review(reviewId));
      for (let n = 0; n < 4; n += 1) {
        await table.raw.put({
          PK: "USER#mallory",
          SK: `PROJECT#${reviewId}-${n}`,
          GSI1PK: `REVIEW#${reviewId}`,
          GSI1SK: "AGENT#!",
          EntityType: "Project",
          Data: { text: "x".repeat(390_000) },
        });
      }
      wire.clear();
      expect(await data.reviews.byId(reviewId)).toEqual(stored);
      expect(wire.names.length).toBeGreaterThan(1);
      expect(await data.reviews.deleteById(reviewId)).toEqual(stored);
    });

    test("an id of two agents is deleted of neither, and both are named (the first one's went)", async () => {
      const reviewId = `twice-${agentId}`;
      const mine = await data.review.create(review(reviewId));
      const theirs = await data.review.create({ ...review(reviewId), agentId: `${agentId}-b` });
      expect(await data.reviews.byId(reviewId)).toEqual(mine);
      wire.clear();
      const error = await failureOf(data.reviews.deleteById(reviewId), ConditionalCheckFailedError);
      expect(error.message).toContain(
        `2 agents have a review with this id (agentId=${agentId}, agentId=${agentId}-b)`,
      );
      expect(error).toMatchObject({ operation: "reviews.deleteById", mayHaveBeenDone: false });
      expect(wire.names).toEqual(["Query"]);
      expect(await data.review.batchGet([mine, theirs])).toEqual([mine, theirs]);
      await data.review.delete(theirs);
      expect(await data.reviews.deleteById(reviewId)).toEqual(mine);
    });

    test("a wrong id is refused before anything is sent", async () => {
      for (const id of ["", undefined, 5, null, {}, "\ud800"]) {
        const error = await failureOf(data.reviews.byId(id as never), ValidationError);
        expect(error.message).toContain("reviews.byId Review");
        await failureOf(data.reviews.deleteById(id as never), ValidationError);
      }
      expect(wire.names).toEqual([]);
    });

    test("an id too long for a key is refused before anything is sent", async () => {
      await failureOf(data.reviews.byId("x".repeat(2_100)), ValidationError);
      expect(wire.names).toEqual([]);
    });
  });

  describe("newest", () => {
    test("is by the review's own date in every encoding, else by its creation", async () => {
      const seconds = (day: string) => Date.parse(day) / 1000;
      const dates: [string, unknown, string?][] = [
        ["iso", "2024-01-12T10:00:00Z"],
        ["iso with offset", "2024-01-11T23:30:00-05:00"],
        ["day", "2024-01-10"],
        ["admin timestamp", { _seconds: seconds("2024-01-09"), _nanoseconds: 999 }],
        ["web timestamp", { seconds: seconds("2024-01-08"), nanoseconds: 0 }],
        [
          "typed timestamp",
          { type: "firestore/timestamp/1.0", seconds: seconds("2024-01-07"), nanoseconds: 0 },
        ],
        ["milliseconds", Date.parse("2024-01-06")],
        ["null", null, "2024-01-05"],
        ["missing", undefined, "2024-01-04"],
        ["no date", "last week", "2024-01-03"],
        ["empty", "", "2024-01-02"],
      ];
      // Stored in another order than they shall come, with ids in yet another.
      const inputs = dates.map(([name, date, created], index) =>
        review(
          `${(index * 7) % 11}-${name}`,
          { date, comment: name },
          Date.parse(created ?? "2030-01-01"),
        ),
      );
      await data.review.batchPut([...inputs].reverse());
      const newest = await data.reviews.newest(agentId, 11);
      expect(newest.map((one) => one.data.comment)).toEqual(dates.map(([name]) => name));
      expect((await data.reviews.newest(agentId, 3)).map((one) => one.data.comment)).toEqual([
        "iso",
        "iso with offset",
        "day",
      ]);
    });

    test("reads all pages: the newest may lie on the last", async () => {
      await data.review.batchPut(
        Array.from({ length: 300 }, (_, index) =>
          review(`r${String(index).padStart(3, "0")}`, {
            comment: "x".repeat(5_000),
            date: now + index,
          }),
        ),
      );
      wire.clear();
      const newest = await data.reviews.newest(agentId, 2);
      expect(newest.map((one) => one.reviewId)).toEqual(["r299", "r298"]);
      expect(wire.names).toEqual(["Query", "Query"]);
    });

    test("more than there are is what there is", async () => {
      expect(await data.reviews.newest(agentId, 5)).toEqual([]);
      await data.review.create(review(`r-${agentId}`));
      expect(await data.reviews.newest(agentId, 5)).toHaveLength(1);
    });

    test("a wrong number or agent is refused before anything is sent", async () => {
      for (const n of [0, -1, 1.5, Number.NaN, "3", undefined]) {
        await failureOf(data.reviews.newest(agentId, n as never), ValidationError);
      }
      await failureOf(data.reviews.newest("", 3), ValidationError);
      expect(wire.names).toEqual([]);
    });
  });

  describe("of several agents", () => {
    test("is one query each in one wave, in the order asked, empty where there are none", async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `${agentId}-${index}`);
      await data.review.batchPut(
        ids
          .slice(1)
          .flatMap((id) => [1, 2].map((n) => make.review({ agentId: id, reviewId: `r${n}` }))),
      );
      wire.clear();
      expect(await firstWave(wire, () => data.reviews.ofAgents(ids))).toBe(20);
      const found = await data.reviews.ofAgents(ids);
      expect(
        found.map((reviews) => reviews.map((one) => `${one.agentId} ${one.reviewId}`)),
      ).toEqual(ids.map((id, index) => (index === 0 ? [] : [`${id} r1`, `${id} r2`])));
    });

    test("an agent that is named twice is read once, and each place has its own list", async () => {
      await data.review.create(review(`r-${agentId}`));
      wire.clear();
      const [one, other] = await data.reviews.ofAgents([agentId, agentId]);
      expect(wire.names).toEqual(["Query"]);
      expect(one).toEqual(other);
      one?.pop();
      expect(other).toHaveLength(1);
    });

    test("no agents are no request", async () => {
      expect(await data.reviews.ofAgents([])).toEqual([]);
      expect(wire.names).toEqual([]);
    });

    test("a wrong id is refused by its position before anything is sent", async () => {
      const error = await failureOf(
        data.reviews.ofAgents([agentId, "", undefined as never]),
        ValidationError,
      );
      expect(error.issues.map(({ path }) => path)).toEqual([
        "agentIds[1].agentId",
        "agentIds[2].agentId",
      ]);
      await failureOf(data.reviews.ofAgents("agent" as never), ValidationError);
      await failureOf(data.reviews.ofAgents(undefined as never), ValidationError);
      expect(wire.names).toEqual([]);
    });
  });
});

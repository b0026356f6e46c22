import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, oneOfEachKind, registry, storeOf } from "../registry.js";
import { Recorder } from "./recorder.js";

const frozen = 1_700_000_000_000;

describe.each(engines)("optimistic locking on $name", (engine) => {
  const clock = { time: frozen, now: () => clock.time };
  const wire = new Recorder();
  const table = openTable(engine, { clock, requestHandler: wire });
  beforeEach(() => {
    clock.time = frozen;
    wire.clear();
  });

  // In the process of the tests an engine is slower.
  const writers = engine.engine === "dynalite" ? 15 : 25;
  test.each([
    { writers, kind: "a clock that runs" },
    { writers: 15, kind: "a clock that stands still" },
  ])(
    "$writers racing writers lose no update, with $kind",
    async ({ writers, kind }) => {
      const { competitor } = table.data;
      const key = { userId: kind, competitorId: "c1" };
      clock.now = kind === "a clock that runs" ? Date.now : () => clock.time;
      await competitor.create({ ...key, data: { name: "Max", reviewCount: 0 } });
      let refusals = 0;
      const increase = async (): Promise<number> => {
        for (;;) {
          const { data, updatedAt } = await competitor.getOrThrow(key, { consistent: true });
          const reviewCount = Number(data.reviewCount) + 1;
          try {
            return (await competitor.update(key, { reviewCount }, { ifUpdatedAt: updatedAt }))
              .updatedAt;
          } catch (error) {
            if (!(error instanceof ConditionalCheckFailedError)) throw error;
            refusals += 1;
            // Each that wins makes all others begin again; some order keeps it from their square.
            await sleep(refusals % 20);
          }
        }
      };
      const times = await Promise.all(Array.from({ length: writers }, increase));
      clock.now = () => clock.time;
      const { data, updatedAt } = await competitor.getOrThrow(key, { consistent: true });
      expect(data.reviewCount).toBe(writers);
      expect(new Set(times).size).toBe(writers);
      expect(updatedAt).toBe(Math.max(...times));
      // They did race.
      expect(refusals).toBeGreaterThan(writers);
    },
    60_000,
  );

  test("50 racing deletes of what each has read: one deletes it", async () => {
    const { project } = table.data;
    const key = { userId: "deletes", projectId: "p1" };
    const { updatedAt } = await project.create({ ...key, data: { name: "n" } });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => project.delete(key, { ifUpdatedAt: updatedAt })),
    );
    const refusals = outcomes.filter(({ status }) => status === "rejected");
    const deleted = outcomes.filter((one) => one.status === "fulfilled" && one.value !== null);
    expect(await project.get(key, { consistent: true })).toBeNull();
    for (const { reason } of refusals as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(ConditionalCheckFailedError);
      expect((reason as ConditionalCheckFailedError).item).toBeNull();
    }
    // On a busy machine an answer may be late, and its request be sent again: it then finds the item
    // gone, which is what it wanted, and nobody knows by whom.
    const sentAgain = wire.names.filter((name) => name === "DeleteItem").length - 50;
    expect(deleted.length).toBeLessThanOrEqual(1);
    expect(deleted.length + sentAgain).toBeGreaterThanOrEqual(1);
    expect(refusals.length).toBeLessThanOrEqual(49);
    expect(refusals.length + sentAgain).toBeGreaterThanOrEqual(49);
  });

  const isFirst = engine.name === engines[0]?.name;
  describe.each(isFirst ? registry : oneOfEachKind)("$name", (row) => {
    test("a lock that is out of date never holds, though the clock stands still", async () => {
      const store = storeOf(table.data, row);
      const input = inputOf(row, "stale", "id-1");
      const key = keyOf(row, input);
      const seen = [(await store.create(input)).updatedAt];
      const writes = [
        () => store.update(key, { mark: 1 }),
        () => store.put(input),
        () => store.update(key, { mark: 2 }, { ifUpdatedAt: seen.at(-1) }),
        () => store.put(input),
        () => store.update(key, {}, { remove: ["mark"], set: [[["mark2"], 1]] } as object),
      ];
      for (const write of writes) seen.push((await write()).updatedAt);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((step) => frozen + step));
      const current = await store.get(key, { consistent: true });
      for (const ifUpdatedAt of [...seen.slice(0, -1), frozen + 6, 0, -1, 1.5]) {
        const update = await failureOf(
          store.update(key, { mark: 9 }, { ifUpdatedAt }),
          ConditionalCheckFailedError,
        );
        expect(update.item).toEqual(current);
        expect(update.message).toBe(
          `update ${row.entity} (${Object.entries(key)
            .map(([name, value]) => `${name}=${value}`)
            .join(", ")}): the item was changed since it was read (ifUpdatedAt)`,
        );
        const remove = await failureOf(
          store.delete(key, { ifUpdatedAt }),
          ConditionalCheckFailedError,
        );
        expect(remove.item).toEqual(current);
      }
      expect(await store.get(key, { consistent: true })).toEqual(current);
      expect(await store.delete(key, { ifUpdatedAt: seen.at(-1) })).toEqual(current);
    });
  });

  test("a collision in one millisecond costs one more request, also for the 20th writer", async () => {
    const { project } = table.data;
    const key = { userId: "collision", projectId: "p1" };
    await project.create({ ...key, data: { name: "n" } });
    wire.clear();
    await project.update(key, { name: "m" });
    expect(wire.names).toEqual(["UpdateItem", "UpdateItem"]);
    wire.clear();
    await Promise.all(Array.from({ length: 20 }, () => project.update(key, { name: "m" })));
    expect(wire.names).toEqual(Array(40).fill("UpdateItem"));
    expect((await project.getOrThrow(key)).updatedAt).toBe(frozen + 21);
    clock.time += 1_000;
    wire.clear();
    await project.update(key, { name: "o" });
    expect(wire.names).toEqual(["UpdateItem"]);
    expect((await project.getOrThrow(key)).updatedAt).toBe(frozen + 1_000);
  });

  test("an item whose writer's clock is ahead goes on growing from there, and locks hold", async () => {
    const { project } = table.data;
    const key = { userId: "ahead", projectId: "p1" };
    clock.time = frozen + 3_600_000;
    const { updatedAt } = await project.create({ ...key, data: { name: "n" } });
    clock.time = frozen;
    const next = await project.update(key, { name: "m" }, { ifUpdatedAt: updatedAt });
    expect(next.updatedAt).toBe(updatedAt + 1);
    await failureOf(
      project.update(key, { name: "o" }, { ifUpdatedAt: updatedAt }),
      ConditionalCheckFailedError,
    );
    expect(await project.delete(key, { ifUpdatedAt: next.updatedAt })).toEqual(next);
  });

  test("a lock and a condition on the payload hold together, and the error says which did not", async () => {
    const { savedContent } = table.data;
    const key = { userId: "both", contentId: "c1" };
    const { updatedAt } = await savedContent.create({
      ...key,
      data: { type: "Blog Post", content: "Text", status: "draft" },
    });
    const update = (ifUpdatedAt: number, status: string) =>
      savedContent.update(key, { status: "published" }, { ifUpdatedAt, where: { status } });
    const stale = await failureOf(update(updatedAt - 1, "draft"), ConditionalCheckFailedError);
    expect(stale.message).toContain("(ifUpdatedAt)");
    const other = await failureOf(update(updatedAt, "archived"), ConditionalCheckFailedError);
    expect(other.message).toContain("(where)");
    expect(other.item).toMatchObject({ ...key, updatedAt, data: { status: "draft" } });
    expect((await update(updatedAt, "draft")).data.status).toBe("published");
  });

  test("an item that is gone is not found by an update, and has changed for a delete", async () => {
    const { project } = table.data;
    const key = { userId: "gone", projectId: "p1" };
    await failureOf(project.update(key, { name: "n" }, { ifUpdatedAt: frozen }), ItemNotFoundError);
    const error = await failureOf(
      project.delete(key, { ifUpdatedAt: frozen }),
      ConditionalCheckFailedError,
    );
    expect(error.message).toBe(
      "delete Project (userId=gone, projectId=p1): the item is gone (ifUpdatedAt)",
    );
    expect(error.item).toBeNull();
  });

  test("an old item without UpdatedAt reads as 0, and 0 is its lock", async () => {
    const { project } = table.data;
    const key = { userId: "old", projectId: "p1" };
    const old = { PK: "USER#old", SK: "PROJECT#p1", EntityType: "Project", Data: { name: "n" } };
    await table.raw.put(old);
    expect((await project.getOrThrow(key)).updatedAt).toBe(0);
    await failureOf(
      project.update(key, { name: "m" }, { ifUpdatedAt: 1 }),
      ConditionalCheckFailedError,
    );
    const updated = await project.update(key, { name: "m" }, { ifUpdatedAt: 0 });
    expect(updated).toMatchObject({ data: { name: "m" }, updatedAt: frozen });
    await failureOf(project.delete(key, { ifUpdatedAt: 0 }), ConditionalCheckFailedError);
    await table.raw.put(old);
    expect(await project.delete(key, { ifUpdatedAt: 0 })).toMatchObject(key);
    await failureOf(project.delete(key, { ifUpdatedAt: 0 }), ConditionalCheckFailedError);
  });

  test("the current item on the error reaches no log", async () => {
    const { project } = table.data;
    const key = { userId: "log", projectId: "p1" };
    await project.create({ ...key, data: { name: "Secret name" } });
    const error = await failureOf(
      project.update(key, { name: "m" }, { ifUpdatedAt: 1 }),
      ConditionalCheckFailedError,
    );
    expect(error.item).toMatchObject({ data: { name: "Secret name" } });
    for (const shown of [JSON.stringify(error), inspect(error, { depth: 9 }), String(error)]) {
      expect(shown).not.toContain("Secret name");
    }
  });

  test("a lock that is no time is refused before anything is sent", async () => {
    const { project } = table.data;
    const key = { userId: "wrong", projectId: "p1" };
    for (const ifUpdatedAt of [null, "1", Number.NaN, new Date()] as never[]) {
      await failureOf(project.update(key, { name: "n" }, { ifUpdatedAt }), ValidationError);
      await failureOf(project.delete(key, { ifUpdatedAt }), ValidationError);
    }
    expect(wire.names).toEqual([]);
  });
});

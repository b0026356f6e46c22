/** An upgrade moves an item in the indexes over its fields, and moves its expiry. */
import { join } from "node:path";
import { z } from "zod";
import { openRawTable } from "../../scripts/raw/raw-table.js";
import { upgradeTable } from "../../scripts/upkeep/upgrade-table.js";
import { modelOf } from "../../src/entity/model.js";
import {
  byKey,
  configure,
  createDataLayer,
  Entity,
  type EntityConfig,
  expires,
  fields,
  index,
  keyPart,
  model,
  type Payload,
  data as payloadIn,
  times,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { temporaryFolder } from "../scripts/run.js";
import { bareRaw } from "../versioned-table.js";

const folder = temporaryFolder();
const later = 4_000_000_000_000;

const oldPayload = z.looseObject({ state: z.string(), text: z.string().optional() });
const oldSchema = () => ({
  model: model("Task"),
  attributes: { teamId: keyPart, taskId: keyPart, data: payloadIn(oldPayload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "TASK#${taskId}") },
});
const oldTask = {
  payload: oldPayload,
  schema: oldSchema,
  version: 1,
  entity: (config: EntityConfig) => new Entity(oldSchema(), configure(config)),
};

const payload = z.looseObject({
  status: z.string().nullish(),
  until: z.number().nullish(),
  text: z.string().optional(),
});
const schema = () => ({
  model: model("Task"),
  attributes: {
    teamId: keyPart,
    taskId: keyPart,
    data: payloadIn(payload),
    ...fields("status"),
    ...expires("until"),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "TASK#${taskId}"),
    byStatus: index("GSI2", "STATUS#${data.status}", "${createdAt}#${taskId}"),
  },
});
const task = {
  payload,
  schema,
  version: 2,
  upgrade: {
    1: ({ state, ...rest }: Payload<typeof oldPayload>) => ({
      ...rest,
      status: state === "" ? null : state,
      until: state === "open" ? later : null,
    }),
  },
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

describe.each(engines)("on $name", ({ engine }) => {
  const opened = async () => {
    const now = await createTestDataLayer({ engine, entities: { task }, builtIn: false });
    const { endpoint, region, credentials } = now.engine;
    const { tableName } = now.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const before = createDataLayer({ ...place, entities: { task: oldTask }, builtIn: false });
    const raw = bareRaw(now);
    const close = async () => {
      raw.close();
      await before.close();
      await now.close();
    };
    return { now, before, raw, place, close };
  };
  const stored = { DataVersion: 2, GSI2PK: "STATUS#open", TTL: later / 1000 };

  test("an update makes the keys and the expiry of the upgraded payload", async () => {
    const { now, before, raw, close } = await opened();
    try {
      const key = { teamId: "t", taskId: "1" };
      const made = await before.task.create({ ...key, data: { state: "open" }, createdAt: 5 });
      expect(await raw.get("TEAM#t", "TASK#1")).not.toHaveProperty("GSI2PK");
      expect((await now.task.queryBy("byStatus", { status: "open" })).items).toEqual([]);
      now.wire.clear();
      const item = await now.task.update(key, { text: "changed" });
      expect(now.wire.operations).toEqual(["UpdateItem", "UpdateItem"]);
      expect(item.data).toEqual({ status: "open", until: later, text: "changed" });
      expect(item.createdAt).toBe(made.createdAt);
      expect(await raw.get("TEAM#t", "TASK#1")).toMatchObject({
        ...stored,
        GSI2SK: "0000000000005#1",
      });
      expect((await now.task.queryBy("byStatus", { status: "open" })).items).toEqual([item]);
      await before.task.put({ teamId: "t", taskId: "2", data: { state: "open" } });
      const closed = await now.task.update({ teamId: "t", taskId: "2" }, { status: "closed" });
      expect(closed.data.status).toBe("closed");
      expect(await raw.get("TEAM#t", "TASK#2")).toMatchObject({ GSI2PK: "STATUS#closed" });
      await before.task.put({ teamId: "t", taskId: "3", data: { state: "" } });
      await now.task.update({ teamId: "t", taskId: "3" }, { text: "x" });
      const bare = await raw.get("TEAM#t", "TASK#3");
      expect([bare?.GSI2PK, bare?.TTL, bare?.DataVersion]).toEqual([undefined, undefined, 2]);
    } finally {
      await close();
    }
  });

  test("the command does so too", async () => {
    const { now, before, raw, place, close } = await opened();
    const { region, credentials } = now.engine;
    const table = openRawTable({ ...now.configuration, ...place, region, credentials });
    try {
      const input = (taskId: string, state: string) => ({ teamId: "t", taskId, data: { state } });
      await before.task.put({ ...input("1", "open"), createdAt: 5 });
      await before.task.put(input("2", ""));
      const findingsPath = join(folder(), "left.ndjson");
      const options = { models: [modelOf(task)], segments: 1, findingsPath };
      const { report } = await upgradeTable(table, options);
      expect(report).toMatchObject({ entities: { Task: { upgraded: { 1: 2 } } }, left: {} });
      expect(await raw.get("TEAM#t", "TASK#1")).toMatchObject({
        ...stored,
        GSI2SK: "0000000000005#1",
      });
      const bare = await raw.get("TEAM#t", "TASK#2");
      expect([bare?.GSI2PK, bare?.TTL, bare?.DataVersion]).toEqual([undefined, undefined, 2]);
      const { items } = await now.task.queryBy("byStatus", { status: "open" });
      expect(items.map(({ taskId }) => taskId)).toEqual(["1"]);
    } finally {
      table.close();
      await close();
    }
  });
});

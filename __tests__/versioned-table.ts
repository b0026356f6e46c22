/** One table, and the data layers of several versions of an application over it. */
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { createDataLayer } from "../src/index.js";
import { faults, type TestDataLayer } from "../src/testing/index.js";
import type { Setting } from "./engines.js";
import { bareClient, openTable, type RawTable } from "./open.js";
import { contactV1, contactV2, contactV3, unversioned } from "./versioned-entities.js";

type Layers = ReturnType<typeof layersOver>;

/** Each version of the code over the same table, and what each of them sends. */
function layersOver(data: TestDataLayer, setting: Setting, clock: { now(): number } | undefined) {
  const { endpoint, region, credentials } = data.engine;
  const { tableName } = data.configuration;
  const { encryption, cursorSecret } = setting;
  const wires = { none: faults(), one: faults(), two: faults(), three: faults() };
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  const rest = { ...place, encryption, cursorSecret, clock, retry: { initialDelayMs: 1 } };
  const own = { ...rest, builtIn: false } as const;
  const { none, one, two, three } = wires;
  return {
    none: createDataLayer({ ...own, requestHandler: none, entities: { contact: unversioned } }),
    one: createDataLayer({ ...own, requestHandler: one, entities: { contact: contactV1 } }),
    two: createDataLayer({ ...own, requestHandler: two, entities: { contact: contactV2 } }),
    three: createDataLayer({ ...own, requestHandler: three, entities: { contact: contactV3 } }),
    wires,
  };
}

/** Opens a table before the tests of a `describe`, with code of every version, and closes it after them. */
export function openVersions(setting: Setting, clock?: { now(): number }) {
  const table = openTable(setting);
  let layers: Layers | undefined;
  const need = (): Layers => {
    layers ??= layersOver(table.data, setting, clock);
    return layers;
  };
  afterAll(async () => {
    const { none, one, two, three } = need();
    for (const layer of [none, one, two, three]) await layer.close();
  });
  return {
    get raw(): RawTable {
      return table.raw;
    },
    get data(): TestDataLayer {
      return table.data;
    },
    get code(): Layers {
      return need();
    },
    /** The names of the requests that a version of the code has sent since the last call. */
    sent(version: keyof Layers["wires"]): string[] {
      const { requests } = need().wires[version];
      return requests.splice(0).map(({ operation }) => operation);
    },
  };
}

/** The table of a data layer, as an earlier writer has it. */
export function bareRaw(data: TestDataLayer | Pick<TestDataLayer, "engine" | "configuration">) {
  const client = bareClient(data as TestDataLayer);
  const { tableName: TableName } = data.configuration;
  return {
    get: async (PK: string, SK: string) => {
      const command = new GetCommand({ TableName, Key: { PK, SK }, ConsistentRead: true });
      return (await client.send(command)).Item;
    },
    close: () => client.destroy(),
  };
}

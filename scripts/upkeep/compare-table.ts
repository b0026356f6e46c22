/** A table beside the one that the entities need: each difference, with the commands that mend it. */
import type { TableDescription } from "@aws-sdk/client-dynamodb";
import { createTableInput } from "../../src/admin/table-input.js";
import { attribute, type IndexName } from "../../src/table/table.js";
import type { RawTable, TimeToLive } from "../raw/raw-table.js";

/** What the table is to have, as `bayon-data template` takes it. */
export interface WantedTable {
  readonly indexes: readonly IndexName[];
  readonly stream: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly deletionProtection: boolean;
}

/** One thing in which the table is another one. */
export interface Difference {
  /** `index GSI2`. */
  readonly what: string;
  /** `missing`. */
  readonly is: string;
  readonly wanted: string;
  /** The commands that mend it, in their order. A line that begins with `#` is for people. */
  readonly mend: readonly string[];
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** What is no fault, or cannot be known: a sentence each. */
  readonly notes: readonly string[];
}

/** A table as it is. */
export interface FoundTable {
  readonly description: TableDescription;
  /** `undefined` if it cannot be known. */
  readonly timeToLive: TimeToLive | undefined;
  readonly pointInTimeRecovery: boolean | undefined;
}

/** Reads what there is to compare: three requests. */
export async function readTable(table: RawTable): Promise<FoundTable> {
  return {
    description: await table.describe(),
    timeToLive: await table.timeToLive(),
    pointInTimeRecovery: await table.pointInTimeRecovery(),
  };
}

/** Command lines for one table. */
export interface CommandLines {
  /** `aws dynamodb <operation> --table-name …` */
  aws(operation: string, ...options: string[]): string;
  /** `bayon-data <command> --table …` */
  own(command: string): string;
}

export function compareTable(
  found: FoundTable,
  wanted: WantedTable,
  commands: CommandLines,
): Comparison {
  const input = createTableInput("any", wanted.indexes, { stream: wanted.stream });
  const { description } = found;
  const differences = [
    ...keyDifferences(description, input),
    ...(input.GlobalSecondaryIndexes ?? []).flatMap((index) =>
      indexDifferences(description, index, commands),
    ),
    ...timeToLiveDifferences(found.timeToLive, commands),
    ...streamDifferences(description, input, commands),
    ...(wanted.pointInTimeRecovery && found.pointInTimeRecovery === false
      ? [recoveryDifference(commands)]
      : []),
    ...(wanted.deletionProtection && description.DeletionProtectionEnabled !== true
      ? [protectionDifference(commands)]
      : []),
  ];
  return { differences, notes: notesOf(found, wanted) };
}

type Input = ReturnType<typeof createTableInput>;
type Index = NonNullable<Input["GlobalSecondaryIndexes"]>[number];

/** The attributes of a key with their types: `PK (S, HASH), SK (S, RANGE)`. */
function keyText(
  schema: TableDescription["KeySchema"] = [],
  definitions: TableDescription["AttributeDefinitions"] = [],
): string {
  return schema
    .map(({ AttributeName, KeyType }) => {
      const type = definitions.find((one) => one.AttributeName === AttributeName)?.AttributeType;
      return `${AttributeName} (${type}, ${KeyType})`;
    })
    .join(", ");
}

function keyDifferences(description: TableDescription, input: Input): Difference[] {
  const is = keyText(description.KeySchema, description.AttributeDefinitions);
  const wanted = keyText(input.KeySchema, input.AttributeDefinitions);
  if (is === wanted) return [];
  const mend = [
    "# a table's key cannot be changed, and export and import need the same one: create another table",
    "bayon-data table create --table <another name>",
  ];
  return [{ what: "key of the table", is, wanted, mend }];
}

function indexDifferences(
  description: TableDescription,
  index: Index,
  { aws, own }: CommandLines,
): Difference[] {
  const { IndexName: name = "" } = index;
  const found = description.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === name);
  const string = (schema: Index["KeySchema"]) =>
    (schema ?? []).map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" }) as const);
  const definitions = string(index.KeySchema);
  const wanted = `${keyText(index.KeySchema, definitions)}, projection ALL`;
  const units = description.ProvisionedThroughput?.ReadCapacityUnits ?? 0;
  const capacity = units > 0 && {
    ProvisionedThroughput: {
      ReadCapacityUnits: units,
      WriteCapacityUnits: description.ProvisionedThroughput?.WriteCapacityUnits,
    },
  };
  const create = aws(
    "update-table",
    ...["--attribute-definitions", json(definitions)],
    ...["--global-secondary-index-updates", json([{ Create: { ...index, ...capacity } }])],
  );
  const then =
    "# one index at a time; when it is ACTIVE, give the items of before their keys in it";
  const adopt = own("adopt");
  if (found === undefined) {
    return [{ what: `index ${name}`, is: "missing", wanted, mend: [create, then, adopt] }];
  }
  const key = keyText(found.KeySchema, description.AttributeDefinitions);
  const is = `${key}, projection ${found.Projection?.ProjectionType}`;
  if (is === wanted) return [];
  const remove = aws(
    "update-table",
    ...["--global-secondary-index-updates", json([{ Delete: { IndexName: name } }])],
  );
  const again = "# an index cannot be changed: wait until it is gone, and create it again";
  return [{ what: `index ${name}`, is, wanted, mend: [remove, again, create, then, adopt] }];
}

function timeToLiveDifferences(found: TimeToLive | undefined, { aws }: CommandLines): Difference[] {
  const name = attribute.timeToLive;
  if (found === undefined || (found.enabled && found.attribute === name)) return [];
  const set = (enabled: boolean, on: string) =>
    aws(
      "update-time-to-live",
      "--time-to-live-specification",
      `Enabled=${enabled},AttributeName=${on}`,
    );
  const on = set(true, name);
  const wanted = `on ${name}`;
  if (!found.enabled) return [{ what: "TTL", is: "off", wanted, mend: [on] }];
  const other = found.attribute ?? "";
  const wait = "# it takes up to an hour until it can be switched on again";
  return [{ what: "TTL", is: `on ${other}`, wanted, mend: [set(false, other), wait, on] }];
}

function streamDifferences(
  { StreamSpecification: found }: TableDescription,
  { StreamSpecification: spec }: Input,
  { aws }: CommandLines,
): Difference[] {
  const wanted = spec?.StreamViewType;
  const is = found?.StreamEnabled === true ? found.StreamViewType : undefined;
  if (wanted === undefined || is === wanted) return [];
  const set = (text: string) => aws("update-table", "--stream-specification", text);
  const on = set(`StreamEnabled=true,StreamViewType=${wanted}`);
  if (is === undefined) return [{ what: "stream", is: "off", wanted, mend: [on] }];
  const readers = "# the readers of the old stream do not see the new one";
  return [{ what: "stream", is, wanted, mend: [readers, set("StreamEnabled=false"), on] }];
}

function recoveryDifference({ aws }: CommandLines): Difference {
  const on = "PointInTimeRecoveryEnabled=true";
  const mend = [aws("update-continuous-backups", "--point-in-time-recovery-specification", on)];
  return { what: "point-in-time recovery", is: "off", wanted: "on", mend };
}

function protectionDifference({ aws }: CommandLines): Difference {
  const mend = [aws("update-table", "--deletion-protection-enabled")];
  return { what: "deletion protection", is: "off", wanted: "on", mend };
}

function notesOf(
  { description, timeToLive, pointInTimeRecovery }: FoundTable,
  wanted: WantedTable,
): string[] {
  const { GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] } = description;
  const known: readonly string[] = wanted.indexes;
  const further = [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].flatMap(
    ({ IndexName = "" }) => (known.includes(IndexName) ? [] : [IndexName]),
  );
  const unready = GlobalSecondaryIndexes.filter(
    ({ IndexStatus = "ACTIVE" }) => IndexStatus !== "ACTIVE",
  );
  const { ReadCapacityUnits: read = 0, WriteCapacityUnits: write = 0 } =
    description.ProvisionedThroughput ?? {};
  const stream = description.StreamSpecification?.StreamEnabled === true;
  return [
    ...further.map((name) => `index ${name}: no entity is in it`),
    ...unready.map(({ IndexName, IndexStatus }) => `index ${IndexName}: ${IndexStatus}`),
    read > 0 ? `billing: provisioned, ${read} read and ${write} write units` : "billing: on demand",
    ...(wanted.stream ? [] : [`stream: ${stream ? "on" : "off"}`]),
    ...(timeToLive === undefined ? ["TTL: not known here"] : []),
    ...recoveryNote(pointInTimeRecovery, wanted.pointInTimeRecovery),
  ];
}

/** What was asked for and is off is a difference. */
function recoveryNote(isOn: boolean | undefined, isWanted: boolean): string[] {
  if (isOn === undefined) return ["point-in-time recovery: not known here"];
  return isWanted ? [] : [`point-in-time recovery: ${isOn ? "on" : "off"}`];
}

/** JSON as one word of a shell's. */
function json(value: unknown): string {
  return `'${JSON.stringify(value)}'`;
}

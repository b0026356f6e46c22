/** The capacity units of calls that nobody has made yet, by DynamoDB's rules, from a description. */
import { readFile } from "node:fs/promises";
import { ConfigurationError } from "../../src/index.js";
import { entitiesByType, type KnownEntity } from "../move/placement.js";
import { amountOf, isRecord, parsedJson, refuseUnknown } from "./json.js";
import type { Usage } from "./usage.js";

/** What a description says of a month. */
export interface Estimate {
  readonly usages: readonly Usage[];
  readonly storageGB: number;
  readonly streamReads: number;
}

/** The mean size of an entity's items in bytes, by the entity's name. */
export type Sizes = ReadonlyMap<string, number>;

/** How units are counted: item by item, or of all bytes that a range has, or written. */
type Kind = "read" | "range" | "write";

/** The calls of a store, by what DynamoDB counts. */
const kinds: Readonly<Record<string, Kind>> = {
  get: "read",
  getOrThrow: "read",
  batchGet: "read",
  query: "range",
  list: "range",
  count: "range",
  scan: "range",
  create: "write",
  put: "write",
  update: "write",
  upsert: "write",
  delete: "write",
  batchPut: "write",
  batchDelete: "write",
};

const described = ["calls", "storageGB", "streamReadsPerMonth"];
const callMembers = [
  ...["call", "entity", "perMonth", "items", "bytes", "consistent", "transaction"],
  ...["name", "readUnits", "writeUnits"],
];

/**
 * Reads a description: a list of calls, each by the call, the entity and its items, or by the units that
 * were measured of it.
 * @param sizes for the calls whose `bytes` are left out
 * @throws ConfigurationError that names the file, the line of the list and the rule
 */
export async function readEstimate(file: string, sizes: Sizes): Promise<Estimate> {
  const name = `--estimate ${file}`;
  const given = parsedJson(await readFile(file, "utf8"), name);
  if (!isRecord(given) || !Array.isArray(given.calls)) {
    throw new ConfigurationError(`${name} must be an object with a list of calls`);
  }
  refuseUnknown(given, described, name);
  return {
    usages: given.calls.map((call, at) => usageOf(call, `${name}: calls[${at}]`, sizes)),
    storageGB: amountOf(given, "storageGB", name, 0),
    streamReads: amountOf(given, "streamReadsPerMonth", name, 0),
  };
}

function usageOf(call: unknown, where: string, sizes: Sizes): Usage {
  if (!isRecord(call)) throw new ConfigurationError(`${where} must be an object`);
  refuseUnknown(call, callMembers, where);
  const requests = amountOf(call, "perMonth", where);
  const isMeasured = call.readUnits !== undefined || call.writeUnits !== undefined;
  if (isMeasured) {
    if (typeof call.name !== "string" || call.name === "") {
      throw new ConfigurationError(`${where}: name must say what took these units`);
    }
    return {
      what: call.name,
      requests,
      readUnits: requests * amountOf(call, "readUnits", where, 0),
      writeUnits: requests * amountOf(call, "writeUnits", where, 0),
    };
  }
  const entity = entityOf(call.entity, where);
  const kind = kinds[String(call.call)];
  if (kind === undefined || !Object.hasOwn(kinds, String(call.call))) {
    throw new ConfigurationError(`${where}: call must be one of ${Object.keys(kinds).join(", ")}`);
  }
  const what = typeof call.name === "string" ? call.name : `${call.call} ${entity.model.name}`;
  const bytes = call.bytes ?? sizes.get(entity.model.name);
  if (bytes === undefined) {
    throw new ConfigurationError(
      `${where}: bytes is missing, and --sizes has no ${entity.model.name}`,
    );
  }
  const units = unitsOf(kind, {
    bytes: amountOf({ bytes }, "bytes", where),
    items: amountOf(call, "items", where, 1),
    consistent: flagOf(call, "consistent", where),
    transaction: flagOf(call, "transaction", where),
    indexes: entity.model.indexes.length,
  });
  return {
    what,
    requests,
    readUnits: kind === "write" ? 0 : requests * units,
    writeUnits: kind === "write" ? requests * units : 0,
  };
}

interface Counted {
  readonly bytes: number;
  readonly items: number;
  readonly consistent: boolean;
  readonly transaction: boolean;
  /** How many indexes hold a copy of the item. */
  readonly indexes: number;
}

/**
 * The units of one call. A read unit is 4 KB, half of it if the read may be stale; a write unit is 1 KB,
 * in the table and again in each index. A transaction takes twice as much, of the table alone.
 * See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function unitsOf(kind: Kind, call: Counted): number {
  const { bytes, items, consistent, transaction, indexes } = call;
  if (kind === "write") {
    return items * Math.max(1, Math.ceil(bytes / 1_024)) * ((transaction ? 2 : 1) + indexes);
  }
  const share = transaction ? 2 : consistent ? 1 : 0.5;
  const blocks = (size: number) => Math.max(1, Math.ceil(size / 4_096));
  return share * (kind === "range" ? blocks(items * bytes) : items * blocks(bytes));
}

function flagOf(call: Readonly<Record<string, unknown>>, member: string, where: string): boolean {
  const value = call[member] ?? false;
  if (typeof value === "boolean") return value;
  throw new ConfigurationError(`${where}: ${member} must be true or false`);
}

/** An entity by its name, as events have it, or by its store's. */
function entityOf(given: unknown, where: string): KnownEntity {
  const known = entitiesByType();
  const found =
    known.get(String(given)) ?? [...known.values()].find(({ facade }) => facade === given);
  if (found !== undefined) return found;
  throw new ConfigurationError(`${where}: entity must be one of ${[...known.keys()].join(", ")}`);
}

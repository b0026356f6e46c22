/** The explorer's first look at the table: counts, findings, the newest items and the largest users. */
import { userParts } from "../../services/user/partitions.js";
import { keyValues, rawKeyOf } from "../../src/entity/model.js";
import type { Surveyor } from "../../src/explorer/explorer.js";
import type { Meter } from "../../src/explorer/meter.js";
import type { NewestItem, Survey, SurveyFinding } from "../../src/explorer/protocol.js";
import { keyPartsOf } from "../../src/keys/template.js";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute } from "../../src/table/table.js";
import { entitiesByType } from "../move/placement.js";
import type { Item, RawTable } from "../raw/raw-table.js";
import { findingKinds, noteKinds } from "../upkeep/examine.js";
import { type Diagnosis, examineTable } from "../upkeep/examine-table.js";

/** What is kept of what is seen, however large the table is. */
const mostNewest = 12;
const mostUsers = 100;
const mostKnownUsers = 100_000;
const mostExamples = 5;

/** A wider sample than the beginning of one segment. */
const segments = 4;

export interface SurveyOptions {
  readonly table: RawTable;
  readonly meter: Meter;
  /** About how many items are read. */
  readonly sample: number;
  readonly cipher: Cipher | undefined;
  /** The command that finds the same. */
  readonly command: string;
}

/** Looks at a sample of the table, anew each time. It reads one page of each segment at a time. */
export function createSurveyor({ table, meter, sample, cipher, command }: SurveyOptions): Surveyor {
  const look = async (signal: AbortSignal): Promise<Survey> => {
    const seen = new Seen();
    const { ItemCount } = await table.describe();
    const diagnosis = await examineTable(metered(table, meter, seen), {
      ...{ segments, sample, mostExamples, cipher, signal },
      now: Date.now(),
    });
    diagnosis.complete &&= !seen.isCut;
    return surveyOf(diagnosis, seen, ItemCount);
  };
  return { command, look };
}

/** The same table; what is read of it is metered, and noted. */
function metered(table: RawTable, meter: Meter, seen: Seen): RawTable {
  return {
    ...table,
    scan: async (input) => {
      if (!seen.isAny) meter.refuseIfSpent();
      else if (meter.isSpent()) {
        // Units are spent for what was read: the sample ends with it.
        seen.isCut = true;
        return { Items: [], Count: 0, ScannedCount: 0, $metadata: {} };
      }
      const page = await table.scan({ ...input, ReturnConsumedCapacity: "TOTAL" });
      const { ConsumedCapacity: told } = page as { ConsumedCapacity?: { CapacityUnits?: number } };
      meter.add({ request: "Scan", consumedCapacity: told?.CapacityUnits });
      for (const item of page.Items ?? []) seen.add(item);
      return page;
    },
    batchGet: async (keys, names) => {
      // Eventually consistent reads of small items.
      meter.add({ request: "BatchGet", consumedCapacity: keys.length / 2 });
      return table.batchGet(keys, names);
    },
  };
}

/** What is noted of the items that went by. */
class Seen {
  isAny = false;
  /** Whether the minute's units ended the reading. */
  isCut = false;
  #newest: NewestItem[] = [];
  readonly #users = new Map<string, number>();

  add(item: Item): void {
    this.isAny = true;
    const known = entitiesByType().get(item[attribute.entityType]?.S ?? "");
    const [PK, SK] = [item[attribute.partitionKey]?.S, item[attribute.sortKey]?.S];
    if (known === undefined || PK === undefined || SK === undefined) return;
    const parts = keyPartsOf(known.model, { PK, SK });
    // A row whose keys are not of its entity's form is for doctor to tell of.
    const own = rawKeyOf(known.model, parts);
    if (own.PK !== PK || own.SK !== SK || Object.values(parts).includes("")) return;
    this.#countUser(known.model.pk.parts, parts);
    const updatedAt = Number(item[attribute.updatedAt]?.N ?? 0);
    const oldest = this.#newest.at(-1)?.updatedAt ?? 0;
    if (this.#newest.length >= mostNewest && updatedAt <= oldest) return;
    const newest = { store: known.facade, key: keyValues(known.model, parts), updatedAt };
    this.#newest = [...this.#newest, newest]
      .sort((a, b) => b.updatedAt - a.updatedAt)
      .slice(0, mostNewest);
  }

  #countUser(pkParts: readonly string[], parts: Readonly<Record<string, string>>): void {
    const part = pkParts.find((name) => userParts.includes(name));
    const id = part === undefined ? undefined : parts[part];
    if (id === undefined || id === "") return;
    const before = this.#users.get(id);
    if (before !== undefined || this.#users.size < mostKnownUsers) {
      this.#users.set(id, (before ?? 0) + 1);
    }
  }

  get newest(): readonly NewestItem[] {
    return this.#newest;
  }

  get users(): Survey["users"] {
    return [...this.#users]
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostUsers)
      .map(([id, items]) => ({ id, items }));
  }
}

function surveyOf(diagnosis: Diagnosis, seen: Seen, tableItems: number | undefined): Survey {
  const entities = Object.entries(diagnosis.entities).map(([name, summary]) => {
    const { items, bytes, largestBytes } = summary;
    return [name, { items, bytes, largestBytes }] as const;
  });
  return {
    at: Date.now(),
    complete: diagnosis.complete,
    items: diagnosis.items,
    bytes: entities.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    ...(tableItems !== undefined && { tableItems }),
    entities: Object.fromEntries(entities),
    findings: [
      ...findingsOf(diagnosis, findingKinds, true),
      ...findingsOf(diagnosis, noteKinds, false),
    ],
    newest: seen.newest,
    users: seen.users,
  };
}

function findingsOf(
  { counts, examples }: Diagnosis,
  kinds: Readonly<Record<string, string>>,
  isFault: boolean,
): SurveyFinding[] {
  return Object.entries(kinds).flatMap(([kind, title]) => {
    const count = counts[kind as keyof typeof counts] ?? 0;
    if (count === 0) return [];
    const shown = (examples[kind as keyof typeof examples] ?? []).map(({ key, rule }) => ({
      key,
      rule,
    }));
    return [{ title, count, isFault, examples: shown }];
  });
}

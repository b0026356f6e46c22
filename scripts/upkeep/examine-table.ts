/** Reads a table, or a sample of it, and counts its findings. */
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute, limits } from "../../src/table/table.js";
import { entitiesByType, rawKeyText } from "../move/placement.js";
import { deletesExpired, type Item, type RawTable } from "../raw/raw-table.js";
import { atStart, scanSegments } from "../raw/scan.js";
import { secretsOf, withOpenSecrets } from "../raw/stored-secrets.js";
import { type Account, settled } from "../run/account.js";
import {
  type Examined,
  examine,
  findingKinds,
  type Kind,
  type Remark,
  unownedEntity,
} from "./examine.js";

export interface EntitySummary {
  items: number;
  /** Of all its items. */
  bytes: number;
  largestBytes: number;
  largestKey: string;
}

export interface Diagnosis {
  items: number;
  readonly entities: Record<string, EntitySummary>;
  readonly counts: Partial<Record<Kind, number>>;
  /** The first ones of each kind. */
  readonly examples: Partial<Record<Kind, Remark[]>>;
  /** Encrypted secrets by the id of their key. */
  readonly keys: Record<string, number>;
  /** Whether the whole table was read. */
  complete: boolean;
}

export interface DoctorOptions {
  readonly segments: number;
  /** About how many items to read. @default all */
  readonly sample?: number | undefined;
  /** How many examples of each kind are kept. */
  readonly mostExamples: number;
  /** Epoch ms. */
  readonly now: number;
  /** Decrypts secrets. @default they are not examined */
  readonly cipher?: Cipher | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (items: number) => void;
}

/** How many projects are remembered: the content of one user is all in one segment. */
const mostProjects = 50_000;

/**
 * @throws what a request threw
 * @throws AccountError if an item that was read was not examined, or was examined twice
 */
export async function examineTable(
  table: RawTable,
  options: DoctorOptions,
): Promise<Diagnosis & { readonly account: Account }> {
  const { segments, sample, mostExamples, now, cipher, signal, onProgress } = options;
  const diagnosis: Diagnosis = {
    items: 0,
    entities: {},
    counts: {},
    examples: {},
    keys: {},
    complete: true,
  };
  const currentId = (await cipher?.currentKey())?.id;
  const projects = new Map<string, boolean>();

  const add = ({ kind, key, rule }: Remark): void => {
    diagnosis.counts[kind] = (diagnosis.counts[kind] ?? 0) + 1;
    const examples = diagnosis.examples[kind] ?? [];
    diagnosis.examples[kind] = examples;
    if (examples.length < mostExamples) examples.push({ kind, key, rule });
  };

  const count = (item: Item, { entity, bytes, remarks }: Examined): void => {
    const summary = diagnosis.entities[entity] ?? {
      items: 0,
      bytes: 0,
      largestBytes: 0,
      largestKey: "",
    };
    diagnosis.entities[entity] = summary;
    summary.items += 1;
    summary.bytes += bytes;
    if (bytes > summary.largestBytes) {
      summary.largestBytes = bytes;
      summary.largestKey = rawKeyText(item);
    }
    for (const remark of remarks) add(remark);
  };

  /** Adds the findings about an item's secrets. @returns the item as readers see it */
  const lookInto = async (item: Item): Promise<Item> => {
    const secrets = secretsOf(item);
    if (secrets.length === 0) return item;
    const key = rawKeyText(item);
    for (const { keyId, place } of secrets) {
      const path = `data.${place.field}`;
      if (keyId !== undefined) diagnosis.keys[keyId] = (diagnosis.keys[keyId] ?? 0) + 1;
      if (cipher === undefined) {
        if (keyId !== undefined) add({ kind: "unknownSecret", key, rule: `${path}, key ${keyId}` });
      } else if (keyId === undefined) add({ kind: "clearSecret", key, rule: path });
      else if (keyId !== currentId) add({ kind: "oldKey", key, rule: `${path}, key ${keyId}` });
    }
    if (cipher === undefined) return item;
    const { item: open, unreadable } = await withOpenSecrets(item, secrets, cipher);
    for (const rule of unreadable) add({ kind: "unreadableSecret", key, rule });
    return open;
  };

  const isOff = entitiesThatExpire() && (await deletesExpired(table)) === false;
  if (isOff) {
    const rule = `TTL is not enabled: aws dynamodb update-time-to-live --table-name ${table.name} --time-to-live-specification Enabled=true,AttributeName=${attribute.timeToLive}`;
    add({ kind: "noTimeToLive", key: table.name, rule });
  }

  const mostItems = sample === undefined ? undefined : Math.ceil(sample / segments);
  const read = Array.from({ length: segments }, () => 0);
  const all = await scanSegments(table, {
    positions: atStart(segments),
    mostItems,
    signal,
    onPage: async ({ segment, items, next }) => {
      const belonging: { readonly key: string; readonly project: Item }[] = [];
      for (const item of items) {
        const examined = examine(item, now, await lookInto(item));
        count(item, examined);
        if (examined.project !== undefined) {
          belonging.push({ key: rawKeyText(item), project: examined.project });
        }
      }
      await lookUp(
        table,
        projects,
        belonging.map(({ project }) => project),
      );
      for (const { key, project } of belonging) {
        if (projects.get(rawKeyText(project)) !== false) continue;
        add({
          kind: "orphan",
          key,
          rule: `data.projectId names ${rawKeyText(project)}: not there`,
        });
      }
      if (projects.size > mostProjects) projects.clear();
      diagnosis.items += items.length;
      const soFar = (read[segment] ?? 0) + items.length;
      read[segment] = soFar;
      if (next !== "end" && mostItems !== undefined && soFar >= mostItems) {
        diagnosis.complete = false;
      }
      onProgress?.(items.length);
    },
  });
  return { ...diagnosis, account: accountOf(all, diagnosis) };
}

/** Whether any of the entities has items that expire. */
function entitiesThatExpire(): boolean {
  return [...entitiesByType().values()].some(({ model }) => model.expires !== undefined);
}

/** @throws AccountError */
function accountOf(read: number, { entities }: Diagnosis): Account {
  const unowned = entities[unownedEntity]?.items ?? 0;
  const examined = Object.values(entities).reduce((sum, { items }) => sum + items, 0);
  const outcomes = { "of an entity": examined - unowned, "of none": unowned };
  return settled("items", read, outcomes, "run doctor again");
}

/** Whether anything needs action. */
export function hasFindings({ counts }: Diagnosis): boolean {
  return (Object.keys(findingKinds) as Kind[]).some((kind) => (counts[kind] ?? 0) > 0);
}

/** Finds out which of the projects exist. */
async function lookUp(
  table: RawTable,
  known: Map<string, boolean>,
  keys: readonly Item[],
): Promise<void> {
  const wanted = new Map<string, Item>();
  for (const key of keys) {
    const text = rawKeyText(key);
    if (!known.has(text)) wanted.set(text, key);
  }
  const unknown = [...wanted.values()];
  for (let start = 0; start < unknown.length; start += limits.batchGetKeys) {
    const some = unknown.slice(start, start + limits.batchGetKeys);
    const found = await table.batchGet(some, Object.keys(some[0] ?? {}));
    const there = new Set(found.map(rawKeyText));
    for (const key of some) known.set(rawKeyText(key), there.has(rawKeyText(key)));
  }
}

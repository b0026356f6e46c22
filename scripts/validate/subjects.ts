/** The entities that `bayon-data validate` tries, and items of them under the scratch id. */
import type { Definitions } from "../../services/registry.js";
import { declaredKeys } from "../../src/entity/model.js";
import type { DataLayer } from "../../src/index.js";
import { samplesOf } from "../../src/testing/factories.js";
import { fixtures } from "../../src/testing/fixtures.js";
import { type AnyStore, type ItemInput, type Key, storeOf } from "../move/any-store.js";

/** An entity that is tried. */
export interface Subject {
  /** The name of its store. */
  readonly facade: string;
  readonly store: AnyStore;
  /** Three items that are written, and one that never is. */
  readonly inputs: readonly [ItemInput, ItemInput, ItemInput];
  readonly absent: ItemInput;
  /** Whether its items are in order of creation in the index. */
  readonly dated: boolean;
  /** Whether the creation time is a part of the key. */
  readonly timed: boolean;
  /** A change that its payload takes, and that is not in it before. `null` if its schema names all fields. */
  readonly mark: string | null;
  /** The key of an item or an input, and the part of it that names the partition. */
  keyOf(input: ItemInput): Key;
  partitionOf(input: ItemInput): Key;
  /** The partitions that may have items of it. */
  readonly partitions: readonly Key[];
}

/** An entity that is not tried, and why. */
interface Skipped {
  readonly facade: string;
  readonly reason: string;
}

/** All entities of a data layer: those of which items can be made up under the scratch id, and the others. */
export function subjectsOf(
  definitions: Definitions,
  data: DataLayer,
  userId: string,
): { readonly subjects: readonly Subject[]; readonly skipped: readonly Skipped[] } {
  const subjects: Subject[] = [];
  const skipped: Skipped[] = [];
  for (const [facade, definition] of Object.entries(definitions)) {
    if (declaredKeys(definition).pk.parts.length === 0) {
      skipped.push({ facade, reason: "its partition has everybody's items" });
      continue;
    }
    const subject = subjectOf(facade, definition, data, userId);
    const [issue] = subject.store.check(subject.inputs[0]);
    if (issue === undefined) subjects.push(subject);
    else
      skipped.push({ facade, reason: `no payload can be made up: ${issue.path} ${issue.message}` });
  }
  return { subjects, skipped };
}

function subjectOf(
  facade: string,
  definition: Definitions[string],
  data: DataLayer,
  userId: string,
): Subject {
  const { pk, sk, forms, dated, timed } = declaredKeys(definition);
  const store = storeOf(data, facade);
  const rest = sk.parts.filter((part) => !pk.parts.includes(part));
  const partIn = (part: string, index: number): unknown => {
    if (part === "createdAt") return firstCreatedAt + index;
    if (forms[part] === "date") return `2025-01-0${index + 1}`;
    return forms[part] === undefined ? `validate-${index}` : index;
  };
  const partitionOfOwner = (owner: string): Key =>
    Object.fromEntries(pk.parts.map((part) => [part, owner]));
  const payload = payloadsOf(facade, definition);
  const input = (index: number): ItemInput => ({
    // The owner of a profile is its whole key, so each has an owner of its own.
    ...partitionOfOwner(rest.length === 0 ? ownerOf(userId, index) : userId),
    ...Object.fromEntries(rest.map((part) => [part, partIn(part, index)])),
    data: payload(index),
    createdAt: firstCreatedAt + index,
  });
  const [first, ...others] = [0, 1, 2].map(input) as [ItemInput, ItemInput, ItemInput];
  const marked = { ...first, data: { ...first.data, [markName]: "bayon-data" } };
  const only = (parts: readonly string[]) => (item: ItemInput) =>
    Object.fromEntries(parts.map((part) => [part, item[part]]));
  return {
    facade,
    store,
    inputs: [first, ...others],
    absent: input(3),
    dated,
    timed,
    mark: store.check(marked).length === 0 ? markName : null,
    keyOf: only([...pk.parts, ...rest]),
    partitionOf: only(pk.parts),
    partitions: ownersOf(userId).map(partitionOfOwner),
  };
}

/** A field that no payload has. */
const markName = "validated.by";

/** Payloads: of the twelve the fixtures, of the application's own entities made-up ones. */
function payloadsOf(
  facade: string,
  definition: Definitions[string],
): (index: number) => ItemInput["data"] {
  const known = Object.hasOwn(fixtures, facade)
    ? fixtures[facade as keyof typeof fixtures]
    : undefined;
  // One of the twelve whose name the application took has another payload.
  if (known !== undefined && declaredKeys(definition).parts.every((part) => part in known)) {
    return () => known.data;
  }
  const sample = samplesOf(facade, definition, true);
  return (index) => sample(index + 1).data;
}

const firstCreatedAt = Date.UTC(2025, 0, 1);

function ownerOf(userId: string, index: number): string {
  return index === 0 ? userId : `${userId}-${index}`;
}

/** Every id that items are written under, for one scratch id. */
function ownersOf(userId: string): readonly string[] {
  return [0, 1, 2].map((index) => ownerOf(userId, index));
}

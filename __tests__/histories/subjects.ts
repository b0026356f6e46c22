/** The items that histories are of: of one of the twelve, or of any entity that fast-check declares. */
import fc from "fast-check";
import type { Opened } from "../open.js";
import {
  type IndexShape,
  indexShapes,
  indexTemplates,
  keyTemplates,
} from "../random-registries.js";
import * as all from "../subjects.js";

type Fields = Readonly<Record<string, unknown>>;

/** An entity, and the fields of its payload that several clients write. */
export interface Subject extends all.Subject {
  /** Three fields that hold texts. Index keys may be made of the second and the third. */
  readonly texts: readonly [string, string, string];
  /** A field that holds a number. */
  readonly count: string;
  /** The payload with a value in its texts, where a history may leave the last of them out. */
  dataOf(value: string): Record<string, unknown>;
  valueIn(data: Fields): string;
  /** Checks that the index keys in the table are what the item says. */
  check(table: Opened, item: Fields): Promise<void>;
}

const noCheck = async () => {};

function ofTwelve(name: string, texts: Subject["texts"], count: string): fc.Arbitrary<Subject> {
  const [first] = texts;
  const dataOf = (value: string) => ({ [first]: value });
  const valueIn = (data: Fields) => String(data[first]);
  const subject = all.subjectOf(name);
  return fc.constant({ ...subject, texts, count, dataOf, valueIn, check: noCheck });
}

/** Projects, which are in order of creation in the index. */
export const projects = ofTwelve("project", ["name", "note", "kind"], "pages");

export const competitors = ofTwelve("competitor", ["name", "agency", "website"], "reviewCount");

/** An item of one of the generated entities. Some payloads have each field that indexes are made of. */
export const generated: fc.Arbitrary<Subject> = generatedOf(() => true);

/** The same, of entities with many items of one user. */
export const generatedLists = generatedOf(({ id }) => id !== undefined);

/** The same, of entities that have a key of two fields: who changes one of them must know the other. */
export const generatedPlaces = generatedOf(({ sharedKey }) => sharedKey);

/** The same, of entities whose ids `create` makes, each user's in partitions of the user. */
export const generatedMade = generatedOf(({ makesIds, isShared }) => makesIds && !isShared);

export { generatedEntities } from "../subjects.js";

/** One of them, always the same. */
export function oneOf(subjects: fc.Arbitrary<Subject>): Subject {
  const [one] = fc.sample(subjects, { seed: 1, numRuns: 1 });
  if (one === undefined) throw new Error("there is none");
  return one;
}

function generatedOf(isWanted: (subject: all.Subject) => boolean): fc.Arbitrary<Subject> {
  const wanted = all.generated.filter(isWanted);
  return fc.record({ subject: fc.constantFrom(...wanted), lacksCity: fc.boolean() }).map(
    ({ subject, lacksCity }): Subject => ({
      ...subject,
      texts: ["text", "status", "city"],
      count: "count",
      dataOf: (value) => ({
        text: value,
        status: `status ${value}`,
        ...(!lacksCity && { city: `city ${value}` }),
      }),
      valueIn: ({ text }) => String(text),
      check: async ({ raw }, item) => {
        const { PK, SK } = subject.raw(subject.key(item));
        const stored = await raw.get(PK, SK);
        const keys = Object.entries(stored ?? {}).filter(([name]) => /^GSI\d+[PS]K$/.test(name));
        expect(Object.fromEntries(keys)).toEqual(indexKeysOf(subject, item));
      },
    }),
  );
}

/** The index keys of an item, written out of the templates: none that it lacks a field of. */
function indexKeysOf({ name }: all.Subject, item: Fields): Fields {
  const entity = all.generatedRegistry.find((one) => one.name === name);
  if (entity === undefined) throw new Error(`${name} is not generated`);
  const values = { ...(item.data as Fields), ...item };
  const templates = entity.indexes.flatMap((shape: IndexShape) => {
    const [pk, sk] = indexTemplates(entity, shape);
    const [index] = indexShapes[shape];
    return [
      [`${index}PK`, pk],
      [`${index}SK`, sk],
    ] as const;
  });
  const [partition] = keyTemplates(entity);
  const dated = [
    ["GSI1PK", partition],
    ["GSI1SK", `${name.toUpperCase()}#\${createdAt}#\${itemId}`],
  ] as const;
  const isWhole = (template: string) =>
    [...template.matchAll(/\$\{data\.(\w+)\}/g)].every(([, field = ""]) => field in values);
  const whole = [...templates, ...(entity.dated ? dated : [])].filter(([, text]) => isWhole(text));
  return Object.fromEntries(whole.map(([key, template]) => [key, all.filled(template, values)]));
}

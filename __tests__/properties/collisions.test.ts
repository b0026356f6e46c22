/**
 * Collisions of random declarations: the findings against all keys that a few values make, and the
 * examples against an expression that is written from the templates without the finder.
 */
import fc from "fast-check";
import { collisionsOf, templateProblems } from "../../src/keys/collisions.js";
import type { KeyDeclaration } from "../../src/keys/meeting.js";
import type { PartKind } from "../../src/keys/pattern.js";
import { compileTemplate, isKeyOf, keyPartsOf, partsFrom } from "../../src/keys/template.js";
import { applicationKeys } from "../keys/application-keys.js";
import { id, tries } from "./arbitraries.js";

/** What parts are filled with: the words of the templates, alone and together, times and separators. */
const words = ["x", "A", "B", "AB", "1", "1111111111111"];
const texts = ["A#B", "B#A", "A#x", "x#A#1", "A#1111111111111#x", "B#x#B", "#", "A#", "#B", "##x"];

type Templates = Omit<KeyDeclaration, "name">;

const part = fc.constantFrom("${a}", "${b}", "${c}", "${createdAt}");
const between = fc.constantFrom("#", "#", "#A#", "#B#", "##", "#1#");
const template = fc
  .record({
    // Most begin alike: others cannot meet.
    start: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("A#", "") },
      { weight: 1, arbitrary: fc.constantFrom("B#", "A", "AB#", "A#B#", "1#") },
    ),
    parts: fc.array(fc.tuple(part, between), { maxLength: 2 }),
    end: fc.oneof(
      { weight: 3, arbitrary: fc.constant("") },
      { weight: 1, arbitrary: fc.constantFrom("A", "B", "#A", "#B", "#") },
    ),
  })
  .map(({ start, parts, end }) => {
    const middle = parts.map(([name, text], at) => (at === 0 ? name : `${text}${name}`));
    return `${start}${middle.join("")}${end}`;
  });
const valid = (kind: "partition" | "sort") =>
  template.filter((text) => templateProblems(text, kind).length === 0);
const partition = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("A#${a}", "A#${b}", "${a}", "A#${a}#A#${c}") },
  { weight: 1, arbitrary: valid("partition") },
);
const kind = fc.constantFrom<Kind | undefined>(
  undefined,
  undefined,
  "text",
  "word",
  "digits",
  1,
  "date",
);
type Kind = Extract<PartKind, string> | 1;

const declaration = fc
  .record({ pk: partition, sk: valid("sort"), a: kind, b: kind, c: kind })
  .map(({ pk, sk, ...kinds }) => {
    const given = Object.entries(kinds).filter(([, value]) => value !== undefined);
    return { pk, sk, kinds: Object.fromEntries(given) as Record<string, Kind> };
  })
  // With more parts there are too many keys.
  .filter(({ pk, sk }) => partNames(pk + sk).length <= 3);

function partNames(template: string): string[] {
  return [...new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name as string))];
}

/** Whether something follows the part in one of the templates. */
const isInner = ({ pk, sk }: Templates, name: string) =>
  [pk, sk].some((key) => key.includes(`\${${name}}`) && !key.endsWith(`\${${name}}`));

function kindOf(declared: Templates, name: string): Kind | "time" {
  if (name === "createdAt") return "time";
  const given = (declared.kinds?.[name] ?? "text") as Kind;
  return given === "text" && isInner(declared, name) ? "word" : given;
}

/** All keys of an entity whose parts have the values above. */
function keysOf(declared: Templates): { PK: string; SK: string }[] {
  const values = {
    time: ["1111111111111", "0000000000001"],
    digits: ["1", "1111111111111"],
    1: ["1"],
    date: ["1111-11-11"],
    word: words,
    text: [...words, ...texts],
  };
  let filled: Record<string, string>[] = [{}];
  for (const name of partNames(declared.pk + declared.sk)) {
    const possible = values[kindOf(declared, name)];
    filled = filled.flatMap((one) => possible.map((value) => ({ ...one, [name]: value })));
  }
  const [pk, sk] = [compileTemplate(declared.pk), compileTemplate(declared.sk)];
  return filled.map((parts) => ({ PK: pk.build(parts), SK: sk.build(parts) }));
}

/** An expression for keys, written as the partition key, a line feed and the sort key. */
function expressionOf(declared: Templates, sk: string = declared.sk): RegExp {
  const forms = {
    time: "\\d{13}",
    digits: "\\d+",
    1: "\\d",
    date: "\\d{4}-\\d\\d-\\d\\d",
    word: "[^#]+",
    text: "[^]+",
  };
  const seen = new Set<string>();
  const source = `${declared.pk}\n${sk}`.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    // Where a part stands again, it has the same value.
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>${forms[kindOf(declared, name)]})`;
  });
  return new RegExp(`^${source}$`);
}

const named = (name: string, declared: Templates) => ({ ...declared, name });

test("keys that coincide are found, and every example is a key of both", () => {
  const met = { same: 0, none: 0 };
  fc.assert(
    fc.property(declaration, declaration, (first, second) => {
      const one = named("One", first);
      const other = named("Other", second);
      const findings = collisionsOf([one, other]);
      const keys = new Map([one, other].map((declared) => [declared.name, keysOf(declared)]));
      const textsOf = (name: string) => (keys.get(name) ?? []).map(({ PK, SK }) => `${PK}\n${SK}`);

      const ones = new Set(textsOf("One"));
      const common = textsOf("Other").find((key) => ones.has(key));
      if (common !== undefined) {
        expect([common, findings.map(({ entities }) => entities)]).toEqual([
          common,
          [["One", "Other"]],
        ]);
      }
      for (const { key } of findings) {
        const text = `${key.PK}\n${key.SK}`;
        for (const declared of [one, other]) {
          expect(text).toMatch(expressionOf(declared));
          const model = { pk: compileTemplate(declared.pk), sk: compileTemplate(declared.sk) };
          const parts = keyPartsOf(model, key);
          expect({ PK: model.pk.build(parts), SK: model.sk.build(parts) }).toEqual(key);
        }
      }
      met[findings.length > 0 ? "same" : "none"] += 1;
    }),
    tries(1000),
  );
  // The random declarations meet in each way often enough to say something.
  expect(Math.min(...Object.values(met))).toBeGreaterThan(50);
});

test("the findings do not depend on the order of the declarations", () => {
  const several = fc.array(declaration, { minLength: 2, maxLength: 6 });
  const textsOf = (declared: readonly KeyDeclaration[]) =>
    collisionsOf(declared)
      .map(({ entities }) => [...entities].sort().join(" "))
      .sort();
  fc.assert(
    fc.property(several, (declared) => {
      const all = declared.map((one, index) => named(`E${index}`, one));
      expect(textsOf(all.toReversed())).toEqual(textsOf(all));
    }),
    tries(300),
  );
});

test("a key is read back into the parts that it was built of", () => {
  const declared = fc.constantFrom(...applicationKeys);
  fc.assert(
    fc.property(declared, fc.infiniteStream(id), ({ pk, sk }, ids) => {
      for (const text of [pk, sk]) {
        const compiled = compileTemplate(text);
        const parts = Object.fromEntries(
          partNames(text).map((name) => {
            const value = ids.next().value as string;
            const isLast = text.endsWith(`\${${name}}`);
            return [name, isLast ? value : value.replaceAll("#", "_")];
          }),
        );
        const key = compiled.build(parts);
        expect(partsFrom(compiled, key)).toEqual(parts);
        expect(isKeyOf(compiled, key)).toBe(true);
      }
    }),
    tries(500),
  );
});

test("no key is that of other parts", () => {
  fc.assert(
    fc.property(declaration, (declared) => {
      const keys = keysOf(declared).map(({ PK, SK }) => `${PK}\n${SK}`);
      expect(new Set(keys).size).toBe(keys.length);
    }),
    tries(200),
  );
});

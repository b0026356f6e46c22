/** No policy of an owner allows a partition of an index that others' items can be in. */
import fc from "fast-check";
import { z } from "zod";
import {
  byKey,
  ConfigurationError,
  configure,
  data,
  Entity,
  type EntityConfig,
  fields,
  iamPolicy,
  index,
  keyPart,
  model,
  times,
  wordPart,
} from "../../src/index.js";
import { tries } from "../properties/arbitraries.js";

const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
const payload = z.looseObject({ status: z.string().optional() });

interface Declared {
  readonly key: string;
  /** The partition key in an index. */
  readonly index: string;
  readonly gsi?: "GSI2" | "GSI3";
  /** Its parts that hold no `#`. */
  readonly words?: readonly string[];
}

const partsOf = (template: string) =>
  [...template.matchAll(/\$\{(\w+)\}/g)].map(([, part = ""]) => part);

/** An entity, and an id of its own beside the parts of its partition key. */
function entityOf(name: string, { key, index: partition, gsi = "GSI2", words = [] }: Declared) {
  const inIndex = partsOf(partition).filter((part) => !partsOf(key).includes(part));
  const parts = [...new Set([...partsOf(key), ...inIndex, "id"])];
  const schema = () => ({
    model: model(name),
    attributes: {
      ...Object.fromEntries(parts.map((one) => [one, words.includes(one) ? wordPart : keyPart])),
      data: data(payload),
      ...fields("status"),
      ...times,
    },
    indexes: {
      byKey: byKey(key, [name, ...inIndex.map((one) => `\${${one}}`), "${id}"].join("#")),
      byOther: index(gsi, partition, "${id}"),
    },
  });
  const entity = (config: EntityConfig) => new Entity(schema() as never, configure(config));
  return { payload, schema, entity };
}

function policyOf(one: Declared, other: Declared, owner: Readonly<Record<string, string>>) {
  const entities = { one: entityOf("One", one), other: entityOf("Other", other) };
  return () => iamPolicy({ tableArn, entities, builtIn: false, owner } as never);
}

const lead: Declared = { key: "USER#${userId}", index: "OWN#${userId}" };

test.each<[string, Declared, string]>([
  [
    "an item of a team that names the user",
    { key: "TEAM#${teamId}", index: "OWN#${userId}" },
    "OWN#x",
  ],
  ["a partition that a field names", { key: "USER#${userId}", index: "${data.status}" }, "OWN#x"],
  ["a partition without parts", { key: "USER#${userId}", index: "OWN#all" }, "OWN#all"],
  [
    "a longer partition of another owner",
    { key: "TEAM#${teamId}", index: "OWN#${teamId}#ALL" },
    "OWN#x#ALL",
  ],
])("%s is named", (_, other, partition) => {
  const policy = policyOf(lead, other, { userId: "u1" });
  expect(policy).toThrow(ConfigurationError);
  expect(policy).toThrow(
    `the policy would be too wide: Other (byOther) can have the partition "${partition}" of GSI2, as One (byOther) has, and its items are not the owner's: begin the partition key of one of them with another text`,
  );
});

test.each<[string, Declared]>([
  ["another entity of the same owner", lead],
  ["the same user as an agent", { key: "AGENT#${agentId}", index: "OWN#${agentId}" }],
  ["another text", { key: "TEAM#${teamId}", index: "MEMBER#${userId}" }],
  ["another index", { key: "TEAM#${teamId}", index: "OWN#${userId}", gsi: "GSI3" }],
])("%s is no reason to refuse", (_, other) => {
  expect(policyOf(lead, other, { userId: "u1" })).not.toThrow();
});

test("a word of the owner ends where the longer partition goes on", () => {
  const longer: Declared = { key: "TEAM#${teamId}", index: "OWN#${teamId}#ALL" };
  const worded = { ...lead, words: ["userId"] };
  expect(policyOf(worded, longer, { userId: "u1" })).not.toThrow();
});

test("what is allowed holds the owner's items alone, whatever the values are", () => {
  const texts = fc.constantFrom("A#", "B#", "A#B#", "");
  const part = fc.constantFrom("${userId}", "${teamId}", "${data.status}");
  const partition = fc
    .tuple(texts, part, fc.option(fc.tuple(fc.constantFrom("#", "#A#"), part)))
    .map(([text, first, more]) => `${text}${first}${more === null ? "" : more.join("")}`)
    .filter((template) => new Set(partsOf(template)).size === partsOf(template).length)
    .filter((template) => (template.match(/data\.status/g) ?? []).length < 2);
  const declared = fc.record({
    key: fc.constantFrom("U#${userId}", "T#${teamId}", "UT#${userId}#${teamId}"),
    index: partition,
  });
  // Values of which each may be a part of another key.
  const values = ["x", "A", "B#x", "A#x", "x#A#x"];
  const seen = { refused: 0, allowed: 0 };
  const property = fc.property(declared, declared, (one, other) => {
    const owner = { userId: "x", teamId: "x" };
    const parts = partsOf(one.key);
    const owned = Object.fromEntries(parts.map((name) => [name, owner[name as "userId"]]));
    let isAllowed = true;
    try {
      policyOf(one, other, owned)();
    } catch (error) {
      if (!String(error).includes("too wide")) throw error;
      isAllowed = false;
    }
    seen[isAllowed ? "allowed" : "refused"] += 1;
    const ofOne = partsOf(one.index);
    const isOwn = ofOne.length === parts.length && ofOne.every((name) => parts.includes(name));
    if (!isOwn || !isAllowed || one.index.includes("data.")) return;
    for (const [first, second] of values.flatMap((a) => values.map((b) => [a, b] as const))) {
      // Whose item it is, of what is stored: parts that something follows hold no "#".
      const item = { userId: first, teamId: second, "data.status": second };
      if (!isStorable(other, item)) continue;
      for (const id of values) {
        const mine = { userId: id, teamId: id };
        if (!isStorable(one, mine)) continue;
        if (filledIn(one.index, mine) !== filledIn(other.index, item)) continue;
        const owners = partsOf(other.key).map((name) => item[name as "userId"]);
        expect([one, other, owners]).toEqual([one, other, owners.map(() => id)]);
      }
    }
  });
  fc.assert(property, tries(300));
  expect(seen.allowed).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(20);
});

type Values = Readonly<Record<string, string>>;

function filledIn(template: string, values: Values): string {
  return template.replaceAll(/\$\{([\w.]+)\}/g, (_, part: string) => String(values[part]));
}

function isStorable({ key, index: partition }: Declared, values: Values): boolean {
  return [key, partition].every((template) =>
    [...template.matchAll(/\$\{([\w.]+)\}(?=#)/g)].every(
      ([, part = ""]) => !String(values[part]).includes("#"),
    ),
  );
}

import { definitions, facadeNames } from "../../services/entities.js";
import { collisionsOf, templateProblems } from "../../src/keys/collisions.js";
import type { KeyDeclaration } from "../../src/keys/meeting.js";
import { templatesOf } from "../../src/table/declared.js";
import { applicationKeys, sameKeys } from "./application-keys.js";

type Templates = readonly [pk: string, sk: string, kinds?: KeyDeclaration["kinds"]];

/** The findings of two entities, One and Two, by their messages. */
function messagesOf(one: Templates, two: Templates): string[] {
  const declared = Object.entries({ One: one, Two: two });
  const declarations = declared.map(([name, [pk, sk, kinds]]) => ({ name, pk, sk, kinds }));
  return collisionsOf(declarations).map(({ message }) => message);
}

describe("an application of 120 entities", () => {
  const findings = collisionsOf(applicationKeys);

  test("has valid templates and no name twice", () => {
    expect(applicationKeys).toHaveLength(120);
    expect(new Set(applicationKeys.map(({ name }) => name)).size).toBe(120);
    for (const { pk, sk } of applicationKeys) {
      expect([...templateProblems(pk, "partition"), ...templateProblems(sk, "sort")]).toEqual([]);
    }
  });

  test("the pairs whose keys can be the same are found, and no other", () => {
    expect(findings.map(({ entities }) => entities).sort()).toEqual([...sameKeys].sort());
  });

  test("has no finding where the entities of its findings are left out", () => {
    const named = new Set(findings.flatMap(({ entities }) => entities));
    expect(collisionsOf(applicationKeys.filter(({ name }) => !named.has(name)))).toEqual([]);
  });
});

test("the twelve entities have no finding", () => {
  const twelve = facadeNames.map((name) => ({ name, ...templatesOf(definitions[name].schema()) }));
  expect(twelve).toHaveLength(12);
  expect(collisionsOf(twelve)).toEqual([]);
});

describe("two entities can have the same key", () => {
  test.each<[string, Templates, Templates, string]>([
    [
      "with the same templates",
      ["USER#${userId}", "NOTE#${noteId}"],
      ["USER#${ownerId}", "NOTE#${memoId}"],
      'PK "USER#x", SK "NOTE#x"',
    ],
    [
      "if a last part can hold the other's parts and the separator",
      ["USER#${userId}", "AUDIT#${auditId}"],
      ["USER#${userId}", "AUDIT#${kind}#${id}"],
      'PK "USER#x", SK "AUDIT#x#x"',
    ],
    [
      "if a part can be the other's text",
      ["CONFIG", "FLAG#${flag}"],
      ["CONFIG", "FLAG#DEFAULTS"],
      'PK "CONFIG", SK "FLAG#DEFAULTS"',
    ],
    [
      "if a text can be a time",
      ["TEAM#${teamId}", "TS#${id}"],
      ["TEAM#${teamId}", "TS#${createdAt}"],
      'PK "TEAM#x", SK "TS#1111111111111"',
    ],
    [
      "if digits can be a time",
      ["TEAM#${teamId}", "TS#${number}", { number: "digits" }],
      ["TEAM#${teamId}", "TS#${createdAt}"],
      'PK "TEAM#x", SK "TS#1111111111111"',
    ],
    [
      "if digits can be the other's text",
      ["TEAM#${teamId}", "YEAR#${year}", { year: "digits" }],
      ["TEAM#${teamId}", "YEAR#2025"],
      'PK "TEAM#x", SK "YEAR#2025"',
    ],
    [
      "in a partition whose part holds the separator",
      ["ORG#${orgId}", "METADATA"],
      ["ORG#${orgId}#UNIT#${unitId}", "METADATA"],
      'PK "ORG#x#UNIT#x", SK "METADATA"',
    ],
    [
      "if what is fixed in one is a part in the other, both ways round",
      ["A#${id}", "LOG#${kind}#END"],
      ["A#${id}", "LOG#START#${kind}"],
      'PK "A#x", SK "LOG#START#END"',
    ],
    [
      "if characters lie outside the basic plane or need an escape",
      ["A", "🏡\n#${id}"],
      ["A", "🏡\n#Ü🏡"],
      'PK "A", SK "🏡\\n#Ü🏡"',
    ],
  ])("%s", (_, one, two, key) => {
    const message = `One and Two can have the same key: ${key}`;
    expect(messagesOf(one, two)).toEqual([message]);
    expect(messagesOf(two, one)).toEqual([message]);
  });

  test("a long example is cut in the message", () => {
    const long = "L".repeat(500);
    const [message = ""] = messagesOf(["A", long], ["A", "${id}"]);
    expect(message).toBe(`One and Two can have the same key: PK "A", SK "${"L".repeat(80)}…"`);
  });

  test("the finding has the key, and both entities in the order of the declarations", () => {
    const declarations = [
      { name: "Audit", pk: "USER#${userId}", sk: "AUDIT#${auditId}" },
      { name: "Team", pk: "TEAM#${teamId}", sk: "METADATA" },
      { name: "RoleAudit", pk: "USER#${userId}", sk: "AUDIT#${createdAt}#${logId}" },
    ];
    expect(collisionsOf(declarations)).toEqual([
      {
        entities: ["Audit", "RoleAudit"],
        key: { PK: "USER#x", SK: "AUDIT#1111111111111#x" },
        message:
          'Audit and RoleAudit can have the same key: PK "USER#x", SK "AUDIT#1111111111111#x"',
      },
    ]);
  });
});

describe("two entities have no finding", () => {
  test.each<[string, Templates, Templates]>([
    ["in partitions of their own", ["USER#${id}", "A#${x}"], ["TEAM#${id}", "A#${x}"]],
    ["in partitions of which one begins like the other", ["CONFIG", "${x}"], ["CONFIG#A", "${x}"]],
    ["with sort keys of their own", ["USER#${id}", "LEAD#${x}"], ["USER#${id}", "LEADNOTE#${x}"]],
    ["with one key each", ["USER#${id}", "PROFILE"], ["USER#${id}", "PROFILE#AGENT"]],
    [
      "if the partition of the one has a # more than a part of the other may hold",
      ["ORG#${id}", "A", { id: "word" }],
      ["ORG#${id}#UNIT#${unit}", "A"],
    ],
    [
      "if the partition of the one is a text where the other has digits",
      ["SHARD#${shard}", "A", { shard: "digits" }],
      ["SHARD#ALL", "A"],
    ],
    ["if a time has too few digits", ["DAY#${createdAt}", "A"], ["DAY#2025", "A"]],
  ])("%s", (_, one, two) => {
    expect(messagesOf(one, two)).toEqual([]);
    expect(messagesOf(two, one)).toEqual([]);
  });
});

describe("a part that both keys hold has one value", () => {
  const profile = ["ORG#${orgId}", "ORG#${orgId}"] as const;
  const same = (one: Templates, two: Templates) => messagesOf(one, two);

  test("so keys that are the same for two values only are no finding", () => {
    expect(same(profile, ["ORG#${orgId}", "ORG#${orgId}#THEME"])).toEqual([]);
    expect(same(["T#${id}", "META#${id}"], ["T#ALL", "META#NONE"])).toEqual([]);
  });

  test("and keys that are the same for one value are found, with this value", () => {
    expect(same(profile, ["ORG#${orgId}", "ORG#PARENT"])).toEqual([
      'One and Two can have the same key: PK "ORG#PARENT", SK "ORG#PARENT"',
    ]);
    expect(same(["T#${id}", "META#${id}"], ["T#ALL", "META#${x}"])).toEqual([
      'One and Two can have the same key: PK "T#ALL", SK "META#ALL"',
    ]);
    expect(same(profile, profile)).toEqual([
      'One and Two can have the same key: PK "ORG#x", SK "ORG#x"',
    ]);
  });

  test("also a value of several words, or with a time in it", () => {
    expect(same(["${id}", "${id}"], ["P#${a}#LAST", "${b}#MIDDLE#${c}"])).toEqual([
      'One and Two can have the same key: PK "P#MIDDLE#LAST", SK "P#MIDDLE#LAST"',
    ]);
    expect(same(["L#${id}", "${id}"], ["L#${a}", "${createdAt}#END"])).toEqual([
      'One and Two can have the same key: PK "L#1111111111111#END", SK "1111111111111#END"',
    ]);
  });

  test("also a value that is a word's rest, or that makes a word with the text before it", () => {
    expect(same(["${id}", "A${id}"], ["${x}", "AB"])).toEqual([
      'One and Two can have the same key: PK "B", SK "AB"',
    ]);
    expect(same(["A${id}", "${id}"], ["A${x}", "B"])).toEqual([
      'One and Two can have the same key: PK "AB", SK "B"',
    ]);
  });

  test("also a value that the sort keys alone tell", () => {
    expect(same(["D#${id}", "${id}"], ["${x}", "A#B#${b}#C#${c}#A#${d}"])).toEqual([
      'One and Two can have the same key: PK "D#A#B#1#C#1#A#1", SK "A#B#1#C#1#A#1"',
    ]);
  });

  test("a part that something follows in one key holds no # in the other", () => {
    expect(same(["T#${id}", "M#${id}#A"], ["T#${id}#X", "M#${x}"])).toEqual([]);
    expect(same(["T#${other}", "M#${id}#A"], ["T#${id}#X", "M#${x}"])).toHaveLength(1);
  });
});

describe("a template", () => {
  test.each(["USER#${userId}", "TS#${createdAt}#${logId}", "CONFIG", "${provider}", "A#${b}#C"])(
    "%s is valid",
    (template) => {
      expect(templateProblems(template, "sort")).toEqual([]);
      expect(templateProblems(template, "partition")).toEqual([]);
    },
  );

  test.each<[string, string, string]>([
    ["is empty", "", "the sort key has no template, or an empty one"],
    [
      "has two parts with nothing between them",
      "LOG#${kind}${id}",
      'the sort key "LOG#${kind}${id}" needs a "#" between ${kind} and ${id}: where a part ends is found by it',
    ],
    [
      "has two parts with another text than # between them",
      "LOG#${kind}-#${id}",
      'the sort key "LOG#${kind}-#${id}" needs a "#" between ${kind} and "-#": where a part ends is found by it',
    ],
    [
      "ends with a text that does not begin with #",
      "FILE#${name}.json",
      'the sort key "FILE#${name}.json" needs a "#" between ${name} and ".json": where a part ends is found by it',
    ],
    ["has a part twice", "A#${id}#${id}", 'the sort key "A#${id}#${id}" holds ${id} twice'],
    [
      "has a part whose name is none",
      "LEAD#${lead-id}",
      'the sort key "LEAD#${lead-id}" holds a "${" that names no part: a part is written ${name}',
    ],
    [
      "has a part that does not end",
      "LEAD#${leadId",
      'the sort key "LEAD#${leadId" holds a "${" that names no part: a part is written ${name}',
    ],
    ["is no text", "\ud83c#${id}", 'the sort key "\\ud83c#${id}" holds a lone surrogate'],
    [
      "leaves no byte for its part",
      `${"é".repeat(512)}\${id}`,
      `the sort key "${"é".repeat(80)}…" makes a sort key of 1025 bytes: at most 1024`,
    ],
  ])("that %s is refused", (_, template, problem) => {
    expect(templateProblems(template, "sort")).toEqual([problem]);
  });

  test("is judged by the limit of its key", () => {
    const template = `${"a".repeat(1020)}\${createdAt}`;
    expect(templateProblems(template, "sort").join()).toMatch(/sort key of 1033 bytes/);
    expect(templateProblems(template, "partition")).toEqual([]);
  });

  test("with several problems has them all", () => {
    expect(templateProblems("${a}${a}.${b", "partition")).toHaveLength(4);
  });
});

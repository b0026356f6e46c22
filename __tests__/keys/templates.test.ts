import { isOf } from "../../src/entity/item.js";
import type { EntityModel } from "../../src/entity/model.js";
import { hasForm } from "../../src/keys/part-forms.js";
import {
  compileTemplate,
  innerParts,
  isKeyOf,
  keyPartsOf,
  partsFrom,
} from "../../src/keys/template.js";

const partsOf = (template: string, key: string) => partsFrom(compileTemplate(template), key);

describe("the parts of a key", () => {
  test.each<[string, string, Record<string, string>]>([
    ["PROFILE", "PROFILE", {}],
    ["USER#${userId}", "USER#u1", { userId: "u1" }],
    ["${provider}", "GOOGLE#BUSINESS", { provider: "GOOGLE#BUSINESS" }],
    ["TS#${at}#${logId}", "TS#7#a#b#", { at: "7", logId: "a#b#" }],
    ["${a}#B#${c}", "x#B#B#y", { a: "x", c: "B#y" }],
    ["A#${a}##${b}#C", "A#x##y#C", { a: "x", b: "y" }],
    ["A#${a}#A#${b}", "A#A#A#A", { a: "A", b: "A" }],
    ["A#${id}#END", "A#\n#END", { id: "\n" }],
    ["${a}#${b}#${c}", "🏡#Ü#🏡", { a: "🏡", b: "Ü", c: "🏡" }],
  ])("%s: %j", (template, key, parts) => {
    expect(partsOf(template, key)).toEqual(parts);
    expect(compileTemplate(template).build(parts)).toBe(key);
  });

  test.each<[string, string, string]>([
    ["another text", "PROFILE", "PROFILE#AGENT"],
    ["another prefix", "USER#${userId}", "TEAM#t1"],
    ["no part", "USER#${userId}", "USER#"],
    ["an empty first part", "${a}#${b}", "#x"],
    ["an empty first part, and a # more", "${a}#${b}", "##x"],
    ["an empty last part", "${a}#${b}", "x#"],
    ["one part of two", "TS#${at}#${logId}", "TS#7"],
    ["a # in an inner part", "${a}#B#${c}", "x#y#B#z"],
    ["a # in a part before an end", "A#${id}#END", "A#x#y#END"],
    ["another end", "A#${id}#END", "A#x#EN"],
    ["something behind the end", "A#${id}#END", "A#x#ENDS"],
    ["nothing but the end", "A#${id}#END", "A##END"],
  ])("a key with %s is none of the template's", (_, template, key) => {
    expect(partsOf(template, key)).toBeNull();
  });
});

test.each<[string, string[]]>([
  ["PROFILE", []],
  ["USER#${userId}", []],
  ["TS#${createdAt}#${logId}", ["createdAt"]],
  ["FILE#${folder}#${name}#LOCK", ["folder", "name"]],
])("the parts of %s that must not hold a #: %j", (template, parts) => {
  expect(innerParts(compileTemplate(template))).toEqual(parts);
});

test.each([
  [3, "007", true],
  [3, "7", false],
  [3, "0007", false],
  [3, "07a", false],
  [3, "a07", false],
  [3, "-07", false],
  [3, "\u0660\u0660\u0667", false],
  ["date", "2028-02-29", true],
  ["date", "2027-02-29", false],
  ["date", "2028-2-29", false],
  ["date", "2028-02-29T00", false],
] as const)("of the form %p a key has %p: %p", (form, text, has) => {
  expect(hasForm(form, text)).toBe(has);
});

describe("the parts of an item", () => {
  const model = (pk: string, sk: string) => ({ pk: compileTemplate(pk), sk: compileTemplate(sk) });

  test("come from both keys", () => {
    const log = model("TEAM#${teamId}", "TS#${createdAt}#${logId}");
    expect(keyPartsOf(log, { PK: "TEAM#t#1", SK: "TS#0000000000007#l#1" })).toEqual({
      teamId: "t#1",
      createdAt: "0000000000007",
      logId: "l#1",
    });
  });

  test("are empty where a key cannot be read", () => {
    const log = model("TEAM#${teamId}", "TS#${createdAt}#${logId}");
    expect(keyPartsOf(log, { PK: "TEAM#t1", SK: "TS#7" })).toEqual({
      teamId: "t1",
      createdAt: "",
      logId: "",
    });
    expect(keyPartsOf(model("LINK#${token}#META", "A"), { PK: "LINK#t1", SK: "A" })).toEqual({
      token: "",
    });
  });
});

describe("an item belongs to an entity with several parts in its sort key", () => {
  const sk = compileTemplate("TS#${createdAt}#${logId}");
  // Of the model, this reads the name and the sort key.
  const model = { name: "AuditLog", sk } as EntityModel;

  test("if its sort key has them", () => {
    const stored = { PK: "TEAM#t1", EntityType: "AuditLog" };
    expect(isOf(model, { ...stored, SK: "TS#0000000000007#l1" })).toBe(true);
    expect(isOf(model, { ...stored, SK: "TS#0000000000007" })).toBe(false);
    expect(isOf(model, { ...stored, SK: "TS#0000000000007#" })).toBe(false);
    expect(isOf(model, { ...stored, SK: "TS#0000000000007#l1", EntityType: "Log" })).toBe(false);
  });
});

test("of a template with one part, the beginning decides what its keys are", () => {
  const template = compileTemplate("NOTE#${noteId}");
  expect(isKeyOf(template, "NOTE#n1")).toBe(true);
  expect(isKeyOf(template, "NOTES#n1")).toBe(false);
  expect(isKeyOf(compileTemplate("NOTE#${noteId}#END"), "NOTE#n1")).toBe(false);
  expect(isKeyOf(compileTemplate("NOTE#${noteId}#END"), "NOTE#n1#END")).toBe(true);
});

import { commonKey, matches, patternOf, prefixPattern } from "../../src/keys/pattern.js";
import { compileTemplate } from "../../src/keys/template.js";

const pattern = (template: string, bound?: Record<string, string>) =>
  patternOf(compileTemplate(template), (part) => (part === "word" ? "word" : "text"), bound);

test("a shortest key of two patterns is found, whichever comes first", () => {
  const pairs = [
    [pattern("A#${word}#B"), pattern("A#${text}"), "A#x#B"],
    [pattern("${text}"), prefixPattern(""), "x"],
    [pattern("AB${text}"), prefixPattern("A"), "ABx"],
    [pattern("A"), prefixPattern("A"), "A"],
    [prefixPattern("A#"), prefixPattern("A#B"), "A#B"],
    [pattern("${word}#${text}", { word: "A" }), pattern("${text}#B"), "A#B"],
    [pattern("${word}A"), pattern("x${text}"), "xA"],
    [pattern("${word}"), pattern("A#B"), undefined],
    [pattern("${text}"), pattern(""), undefined],
    [pattern("A"), prefixPattern("AB"), undefined],
  ] as const;
  for (const [one, other, key] of pairs) {
    expect(commonKey(one, other)).toBe(key);
    expect(commonKey(other, one)).toBe(key);
  }
});

test("a key matches the pattern of its template, and no other one does", () => {
  const log = patternOf(compileTemplate("${createdAt}#${level}#${id}"), (part) =>
    part === "level" ? "digits" : "text",
  );
  expect(matches(log, "1700000000000#42#a#b")).toBe(true);
  expect(matches(log, "1700000000000#x#a")).toBe(false);
  expect(matches(log, "170000000000#42#a")).toBe(false);
  expect(matches(log, "17000000000001#42#a")).toBe(false);
  expect(matches(log, "1700000000000#42#")).toBe(false);
});

import { storeOf } from "../../../scripts/move/any-store.js";
import { createRandom } from "../../../scripts/seed/random.js";
import { sampleItems } from "../../../scripts/seed/sample-data.js";
import { markets } from "../../../scripts/seed/sample-text.js";
import { createDataLayer } from "../../../src/index.js";

const items = (users: number, seed = 1) => [...sampleItems({ users, seed })];

test("made-up agents are the same in every run, and another seed makes others", () => {
  expect(items(2)).toEqual(items(2));
  expect(items(2, 2)).not.toEqual(items(2));
});

test("the first agents are the same however many follow", () => {
  const few = items(2);
  expect(items(5).slice(0, few.length)).toEqual(few);
});

test("every entity is there, each item is under a path of its own", () => {
  const all = items(3);
  expect(new Set(all.map(({ facade }) => facade)).size).toBe(12);
  expect(new Set(all.map(({ path }) => path)).size).toBe(all.length);
});

test("each item is one that its store takes, with nothing missing", async () => {
  const data = createDataLayer({ environment: "local" });
  for (const { facade, key, data: payload, createdAt } of items(12)) {
    expect(storeOf(data, facade).check({ ...key, data: payload, createdAt })).toEqual([]);
  }
  await data.close();
});

test("every market that the texts speak of has a name of its own, and so have its places", () => {
  const names = markets.flatMap(({ city, neighbourhoods }) => [city, ...neighbourhoods]);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^\p{Lu}[\p{L}' .-]+$/u);
  for (const { state, areaCode } of markets) {
    expect(`${state} ${areaCode}`).toMatch(/^[A-Z]{2} [2-9]\d\d$/);
  }
});

test("articles are a few KB long and repeat no section", () => {
  const reports = items(5).filter(({ facade }) => facade === "researchReport");
  for (const { data } of reports) {
    const sections = String(data.report).split("\n\n");
    expect(String(data.report).length).toBeGreaterThan(1_500);
    expect(new Set(sections).size).toBe(sections.length);
  }
});

test("random choices stay within their bounds", () => {
  const random = createRandom(5);
  const integers = Array.from({ length: 1_000 }, () => random.integer(3, 5));
  expect(new Set(integers)).toEqual(new Set([3, 4, 5]));
  expect(random.sample([1, 2, 3], 9).toSorted()).toEqual([1, 2, 3]);
  expect(random.id(28)).toMatch(/^[A-Za-z0-9]{28}$/);
});

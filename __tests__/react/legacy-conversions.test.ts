/**
 * Raw keys and filter expressions of the earlier data layer: which stores and items they name, and that a filter
 * finds what the same expression finds in a bare query.
 */
import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import { type FilterConfig, whereOf } from "../../src/react/legacy/filter.js";
import { itemPlace, listPlace } from "../../src/react/legacy/place.js";
import { engines } from "../engines.js";
import { bareClient, openTable } from "../open.js";

const names = { "#d": "Data", "#type": "type", "#status": "status", "#tags": "tags" };
const values = {
  ":draft": "draft",
  ":live": "live",
  ":p": "P",
  ":two": 2,
  ":low": "Ta",
  ":high": "Tb",
  ":x": "x",
};

const expressions = [
  "#d.#status = :draft",
  "#d.#status <> :draft",
  "#d.title < :high",
  "#d.title<=:high",
  "#d.title > :low",
  "#d.title >= :high",
  "#d.title BETWEEN :low AND :high",
  "#d.#status IN (:live, :draft)",
  "#d.#status in (:live)",
  "begins_with(#d.#type, :p)",
  "contains(#d.#tags, :x)",
  "attribute_exists(#d.#tags)",
  "attribute_not_exists ( #d.#tags )",
  "size(#d.#tags) >= :two",
  "size ( #d.#tags ) BETWEEN :two AND :two",
  ":draft = #d.#status",
  ":high <= #d.title",
  ":high<#d.title",
  ":high > #d.title",
  ":low >= #d.title",
  "NOT #d.#status = :draft",
  "(#d.#status = :draft OR #d.#status = :live) AND NOT contains(#d.#tags, :x)",
  "#d.#status = :draft and (attribute_exists(#d.#tags) or #d.title = :high)",
];

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  beforeAll(async () => {
    const items = [
      { type: "Post", status: "draft", title: "Ta", tags: ["x", "y"] },
      { type: "Post", status: "live", title: "Tb", tags: ["z"] },
      { type: "Mail", status: "draft", title: "Tc" },
      { type: "Mail", title: "Tb", tags: ["x"] },
      { type: "Page", status: "gone", title: "Tab" },
    ];
    for (const [at, data] of items.entries()) {
      const item = { userId: "u", contentId: `c${at}`, data: { content: "…", ...data } };
      await table.data.savedContent.put(item);
    }
  });

  test.each(expressions)("%s", async (filterExpression) => {
    const used = <T>(all: Readonly<Record<string, T>>) =>
      Object.fromEntries(
        Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(filterExpression)),
      );
    const config: FilterConfig = {
      filterExpression,
      expressionAttributeNames: used(names),
      expressionAttributeValues: used(values),
    };
    const client = bareClient(table.data);
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table.data.configuration.tableName,
        KeyConditionExpression: "PK = :pk",
        FilterExpression: filterExpression,
        ExpressionAttributeNames: used(names),
        ExpressionAttributeValues: { ...used(values), ":pk": "USER#u" },
      }),
    );
    client.destroy();
    const where = whereOf(config) as never;
    const { items } = await table.data.savedContent.query({ userId: "u" }, { where });
    const found = items.map(({ contentId }) => `CONTENT#${contentId}`);
    expect(found).toEqual(Items.map(({ SK }) => SK as string));
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(5);
  });
});

test.each([
  ["Data.#status = :none", "names :none, which has no value"],
  ["Data.#none = :draft", "names #none, which has no name"],
  ["Status = :draft", "must compare fields of Data"],
  ["Data = :draft", "must compare fields of Data"],
  ["Data.title = :draft #", "has a form that is not taken: use the new calls"],
  ["attribute_type(Data.title, :draft)", "has a form that is not taken: use the new calls"],
])("%s is refused", (filterExpression, message) => {
  const config = {
    filterExpression,
    expressionAttributeNames: { "#status": "status" },
    expressionAttributeValues: { ":draft": "draft" },
  };
  const operators = new Proxy({}, { get: () => () => "{1}" });
  expect(() => whereOf(config)?.({}, operators)).toThrow(`useQuery: filterExpression ${message}`);
});

test.each([
  ["USER#u", "PROFILE", "userProfile", undefined, ""],
  ["USER#u", "CONTENT#", "savedContent", "contentId", ""],
  ["USER#u", "CONTENT#ab", "savedContent", "contentId", "ab"],
  ["USER#u", "P", undefined, undefined, "P"],
  ["USER#u", "", undefined, undefined, ""],
  ["OAUTH#u", "", "oauthToken", "provider", ""],
  ["OAUTH#u", "GOOGLE", "oauthToken", "provider", "GOOGLE"],
  ["REVIEW#u", "REVIEW#", "review", "reviewId", ""],
])("a list of %s that begins with %p is of the store %p", (pk, prefix, store, part, id) => {
  expect(listPlace("u", pk, prefix)).toEqual({ store, part, id });
});

test("an item of raw keys is one of a store, and a key of nobody or of another user is refused", () => {
  const place = { store: "savedContent", part: "contentId", id: "a#b" };
  expect(itemPlace("u", "USER#u", "CONTENT#a#b")).toEqual(place);
  expect(itemPlace("u", "USER#u", "PROFILE")).toEqual({
    ...{ store: "userProfile", part: undefined, id: "PROFILE" },
  });
  expect(() => itemPlace("u", "USER#u", "CONTENT#")).toThrow("is no sort key of this partition");
  for (const pk of ["USER#v", "USER#", "NOTHING#u"]) {
    expect(() => itemPlace("u", pk, "PROFILE")).toThrow("is no partition of the user");
  }
});

test.each([undefined, "", "  "])("there is none in %j", (filterExpression) => {
  expect(whereOf({ filterExpression })).toBeUndefined();
});

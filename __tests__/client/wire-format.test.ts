/** DynamoDB's JSON by examples; native-client.test.ts holds it against lib-dynamodb for any payload. */
import { bodyOf, nativeAnswer, nativeItem } from "../../src/client/wire-format.js";

describe("a body", () => {
  test("marks the type of each value, where the shape says that there are values", () => {
    const body = bodyOf(
      {
        TableName: "t",
        Limit: 5,
        Item: {
          text: 'a "quoted" é',
          whole: 1,
          large: 12345678901234567890n,
          yes: true,
          none: null,
          list: [1, ["a"]],
          map: { deep: false },
          bytes: new Uint8Array([1, 2]),
          tags: new Set(["a"]),
        },
      },
      { Item: "map" },
    );
    expect(JSON.parse(body)).toEqual({
      TableName: "t",
      Limit: 5,
      Item: {
        text: { S: 'a "quoted" é' },
        whole: { N: "1" },
        large: { N: "12345678901234567890" },
        yes: { BOOL: true },
        none: { NULL: true },
        list: { L: [{ N: "1" }, { L: [{ S: "a" }] }] },
        map: { M: { deep: { BOOL: false } } },
        bytes: { B: "AQI=" },
        tags: { SS: ["a"] },
      },
    });
  });

  test("leaves out undefined and functions", () => {
    const given = { Item: { a: undefined, b: () => 1, c: [undefined, () => 1] }, Limit: undefined };
    expect(bodyOf(given, { Item: "map" })).toBe('{"Item":{"c":{"L":[]}}}');
  });

  test("follows lists and members of any name", () => {
    const shape = { Tables: { each: { list: { Put: { Item: "map" } } } } } as const;
    expect(bodyOf({ Tables: { any: [{ Put: { Item: { a: 1 } } }] } }, shape)).toBe(
      '{"Tables":{"any":[{"Put":{"Item":{"a":{"N":"1"}}}}]}}',
    );
  });

  test("holds a set of numbers of both kinds, and binary of a class of one's own", () => {
    class Bytes extends Uint8Array {}
    const Item = { n: new Set([1, 2n ** 60n]), b: new Bytes([7]) };
    expect(bodyOf({ Item }, { Item: "map" })).toBe(
      '{"Item":{"n":{"NS":["1152921504606846976","1"]},"b":{"B":"Bw=="}}}',
    );
  });

  test("is not changed by a toJSON of a value's class, nor by one of all arrays or objects", () => {
    class Tags extends Array<string> {
      toJSON() {
        return this.slice(0, 1);
      }
    }
    const Item = { tags: Tags.from(["a", "b"]), deep: { set: new Set(["c"]), list: [1] } };
    const right =
      '{"Item":{"tags":{"L":[{"S":"a"},{"S":"b"}]},"deep":{"M":{"set":{"SS":["c"]},"list":{"L":[{"N":"1"}]}}}}}';
    expect(bodyOf({ Item }, { Item: "map" })).toBe(right);
    for (const prototype of [Object.prototype, Array.prototype]) {
      Object.defineProperty(prototype, "toJSON", { value: () => "evil", configurable: true });
      const body = bodyOf({ Item }, { Item: "map" });
      Reflect.deleteProperty(prototype, "toJSON");
      expect(body).toBe(right);
    }
  });

  test("refuses what DynamoDB cannot hold", () => {
    for (const value of [Number.NaN, 2 ** 60, new Date(0), new Set(), Symbol("x")]) {
      expect(() => bodyOf({ Item: { value } }, { Item: "map" })).toThrow();
    }
  });
});

describe("an answer", () => {
  test("has native values, in place", () => {
    const item = {
      text: { S: "a" },
      exact: { N: "1.5" },
      large: { N: "12345678901234567890" },
      bytes: { B: "AQI=" },
      numbers: { NS: ["1", "2"] },
      deep: { M: { list: { L: [{ NULL: true }, { BOOL: false }] } } },
    };
    expect(nativeItem(item)).toBe(item);
    expect(item).toStrictEqual({
      text: "a",
      exact: 1.5,
      large: 12345678901234567890n,
      bytes: new Uint8Array([1, 2]),
      numbers: new Set([1, 2]),
      deep: { list: [null, false] },
    });
  });

  test("has them in everything that a batch left undone", () => {
    const answer = nativeAnswer({
      UnprocessedKeys: { t: { Keys: [{ PK: { S: "a" } }] } },
      UnprocessedItems: {
        t: [
          { PutRequest: { Item: { n: { N: "1" } } } },
          { DeleteRequest: { Key: { PK: { S: "b" } } } },
        ],
      },
    });
    expect(answer).toEqual({
      UnprocessedKeys: { t: { Keys: [{ PK: "a" }] } },
      UnprocessedItems: {
        t: [{ PutRequest: { Item: { n: 1 } } }, { DeleteRequest: { Key: { PK: "b" } } }],
      },
    });
  });

  test("with a value of no known type is an error, not a loss", () => {
    expect(() => nativeItem({ a: { X: 1 } })).toThrow("no type");
  });
});

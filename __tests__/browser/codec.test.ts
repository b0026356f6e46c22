/** What the two sides encode is what the other one decodes, for any value. */
import fc from "fast-check";
import * as page from "../../src/browser/values.js";
import { ExactNumber } from "../../src/index.js";
import * as server from "../../src/server/wire-values.js";
import { anyText } from "../any-text.js";

const names = fc.oneof(
  fc.string(),
  fc.constantFrom("$", "v", "__proto__", "constructor", "toJSON", "length", "then"),
);
const leaves = fc.oneof(
  anyText(),
  fc.constantFrom("\ud800", "$", "", "\u2028", "</script>"),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt(),
  fc.uint8Array(),
  fc.date({ noInvalidDate: true }),
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaves,
    fc.array(tie("value")),
    fc.uniqueArray(fc.string()).map((members) => new Set(members)),
    fc.array(fc.tuple(names, tie("value"))).map((members) => Object.fromEntries(members)),
  ),
})).value;

const there = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test("any value travels both ways without loss", () => {
  fc.assert(
    fc.property(values, (value) => {
      const sent = there(page.encode(value, "test", "value"));
      const received = server.decode(sent, "test", "value");
      expect(received).toEqual(value);
      const back = there(server.encode(received, "test", "value"));
      expect(page.decode(back, "test", "value")).toEqual(value);
      expect(back).toEqual(sent);
    }),
  );
});

test("undefined, null and a missing member stay three things", () => {
  const value = { a: undefined, b: null };
  const received = server.decode(there(page.encode(value, "test", "x")), "test", "x") as object;
  expect(Object.keys(received)).toEqual(["a", "b"]);
  expect(received).toStrictEqual(value);
});

test("an own member named __proto__ stays one, and changes no prototype", () => {
  const value = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":[]}}') as object;
  const received = server.decode(there(page.encode(value, "test", "x")), "test", "x") as object;
  expect(Object.getPrototypeOf(received)).toBe(Object.prototype);
  expect(Object.keys(received)).toEqual(["__proto__", "a"]);
  expect((received as { admin?: unknown }).admin).toBeUndefined();
});

test("exact numbers are recognised on both sides", () => {
  const number = ExactNumber.from("0.1234567890123456789012345");
  const received = page.decode(there(server.encode(number, "test", "x")), "test", "x") as object;
  expect(received).toBeInstanceOf(ExactNumber);
  expect(() => Number(received)).toThrow(TypeError);
  expect(server.decode(there(page.encode(received, "test", "x")), "test", "x")).toEqual(number);
});

test("any JSON is a value, or is refused with its place", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        server.decode(JSON.parse(text), "test", "value");
      } catch (error) {
        expect(error).toMatchObject({ code: "ValidationException" });
      }
    }),
  );
});

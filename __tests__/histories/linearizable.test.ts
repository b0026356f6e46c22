import { type Event, isLinearizable, type Span } from "./linearizable.js";

/** Spans of events that do not overlap. */
function inTurn(...events: Event[]): Span[] {
  return events.map((event, index) => ({ begin: 2 * index, end: 2 * index + 1, event }));
}

/** Spans of events that all overlap. */
function atOnce(...events: Event[]): Span[] {
  return events.map((event, index) => ({ begin: index, end: 100 + index, event }));
}

const times = new Map([
  ["a", 1],
  ["b", 2],
  ["c", 3],
]);

const create = (value: string, is: "done" | "refused" | "open"): Event => ({
  ...{ call: "create", value, is },
});
const update = (value: string, lock: number, is: "done" | "refused" | "open"): Event => ({
  ...{ call: "update", value, lock, is },
});
const remove = (lock: number, is: "done" | "gone" | "refused" | "open"): Event => ({
  ...{ call: "delete", lock, is },
});
const get = (value: string | null): Event => ({ call: "get", value });

describe("a history", () => {
  test.each<[string, Span[], string | null]>([
    ["of nothing", [], null],
    ["in turn", inTurn(get(null), create("a", "done"), update("b", 1, "done"), get("b")), "b"],
    ["of two creates, one refused", atOnce(create("a", "refused"), create("b", "done")), "b"],
    ["with a read of what is being written", atOnce(get("a"), create("a", "done")), "a"],
    ["with an open write that was done", inTurn(create("a", "open"), get("a")), "a"],
    ["with an open write that was not done", inTurn(create("a", "open"), get(null)), null],
    [
      "with an open write that was done later",
      inTurn(create("a", "open"), get(null), get("a")),
      "a",
    ],
    [
      "with a delete twice",
      atOnce(create("a", "done"), remove(1, "done"), remove(1, "gone")),
      null,
    ],
  ])("%s is one", (_, spans, last) => {
    expect(isLinearizable(spans, times, last)).toBe(true);
  });

  test.each<[string, Span[], string | null]>([
    ["whose end is another", inTurn(create("a", "done")), null],
    ["of two creates that both succeed", atOnce(create("a", "done"), create("b", "done")), "b"],
    ["with a stale read", inTurn(create("a", "done"), update("b", 1, "done"), get("a")), "b"],
    ["with a read of the future", inTurn(get("a"), create("a", "done")), "a"],
    ["that reads back and forth", inTurn(create("a", "open"), get("a"), get(null)), null],
    [
      "of two locked updates that both succeed",
      [...inTurn(create("a", "done")), ...atOnce(update("b", 1, "done"), update("c", 1, "done"))],
      "c",
    ],
    ["of a refused create where nothing was", inTurn(create("a", "refused")), null],
    [
      "of a refused update that was done",
      inTurn(create("a", "done"), update("b", 1, "refused")),
      "b",
    ],
    [
      "of a lock that held and was refused",
      inTurn(create("a", "done"), update("b", 1, "refused")),
      "a",
    ],
    ["of an item that came back", inTurn(create("a", "done"), remove(1, "done"), get("a")), "a"],
    ["of a delete that was not done", inTurn(create("a", "done"), remove(1, "gone")), "a"],
  ])("%s is none", (_, spans, last) => {
    expect(isLinearizable(spans, times, last)).toBe(false);
  });
});

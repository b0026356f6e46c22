/**
 * The truth table: each call that writes, under each fault, is judged by what the engine holds
 * afterwards, late arrivals included. Here: the calls of stores, and of what spans them.
 */
import { otherRows, storeRows } from "./calls.js";
import { engine, openCourt, possible } from "./judge.js";

describe(`acknowledgements on ${engine.name}`, () => {
  const { ownLayer, wrongOf, wrongOfTable } = openCourt();

  const rows = possible([...storeRows, ...otherRows]);
  test.each(rows.map((row) => [row.name, row] as const))("%s", async (_, row) => {
    expect(await wrongOf(row, ownLayer)).toEqual([]);
  });

  test.each(["create", "delete"] as const)("table.%s", async (call) => {
    expect(await wrongOfTable(call)).toEqual([]);
  });
});

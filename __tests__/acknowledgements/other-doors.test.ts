/**
 * The truth table: each call that writes, under each fault, is judged by what the engine holds
 * afterwards, late arrivals included. Here: native chains, the
 * repository, and stores over a client of the application's.
 */
import { nativeRows, repositoryRows, storeRows } from "./calls.js";
import { engine, openCourt, possible } from "./judge.js";

describe(`acknowledgements on ${engine.name}`, () => {
  const { layerOver, ownLayer, wrongOf } = openCourt();

  const rows = possible([...nativeRows, ...repositoryRows]);
  test.each(rows.map((row) => [row.name, row] as const))("%s", async (_, row) => {
    expect(await wrongOf(row, ownLayer)).toEqual([]);
  });

  const ofClients = possible(
    storeRows.filter(({ name }) => ["create", "batchPut", "transaction.write"].includes(name)),
  );
  test.each(
    [
      ["a plain client of the application's", layerOver(1, false)] as const,
      ["a document client of the application's", layerOver(1, true)] as const,
      ["a client that sends again by itself", layerOver(2, false)] as const,
    ].flatMap(([name, layer]) => ofClients.map((row) => [row.name, name, row, layer] as const)),
  )("%s over %s", async (_name, client, row, layer) => {
    expect(await wrongOf(row, layer, client !== "a client that sends again by itself")).toEqual([]);
  });
});

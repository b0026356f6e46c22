/** The commands of `bayon-data` know the receipts of mutations: they are no findings. */
import { randomUUID } from "node:crypto";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { bayonData } from "../scripts/run.js";
import { cursorSecret, handlerOf, valueFrom } from "./serving.js";

describe.each(engines)("after mutations on $name", ({ engine }) => {
  const table = openTable({ name: engine, engine, cursorSecret });

  test("doctor and adopt find nothing wrong, and count the receipts apart", async () => {
    const input = [{ projectId: "p1", data: { name: "x" } }];
    const call = { store: "project", call: "create", input, id: randomUUID() };
    await valueFrom(handlerOf(table.data), call);
    const receipt = await table.raw.get("MUTATION#me", `MUTATION#${call.id}`);
    expect(receipt).toMatchObject({ EntityType: "MutationReceipt", TTL: expect.any(Number) });
    const { tableName, endpoint = "" } = table.data.configuration;
    const flags = ["--environment", "local", "--table", tableName, "--endpoint", endpoint];
    const { code, out, complaints } = await bayonData(["doctor", ...flags, "--json"]);
    expect([code, complaints]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      counts: {},
      entities: { Project: { items: 1 }, MutationReceipt: { items: 1 } },
    });
    const adopted = await bayonData(["adopt", ...flags, "--json"]);
    expect([adopted.code, adopted.complaints]).toEqual([0, ""]);
    expect(await table.raw.get("MUTATION#me", `MUTATION#${call.id}`)).toEqual(receipt);
  });
});

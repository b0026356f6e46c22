/** The two requests of an update that upgrades, when responses are lost and others write in between. */
import fc from "fast-check";
import { DynamoDBError } from "../../src/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { tries } from "../properties/arbitraries.js";
import { openVersions } from "../versioned-table.js";

const ada = { first: "Ada", last: "Lovelace" };

describe.each(engines)("on $name", (engine) => {
  const table = openVersions(engine);
  let count = 0;
  async function old() {
    count += 1;
    const key = { teamId: `t${count}`, contactId: "c" };
    await table.code.none.contact.create({ ...key, data: { name: "Ada Lovelace", n: 0 } as never });
    table.code.wires.three.clear();
    return key;
  }
  const rawOf = ({ teamId }: { teamId: string }) => table.raw.get(`TEAM#${teamId}`, "CONTACT#c");

  test.each([
    ["the response to the first request is lost", { after: 0 }],
    ["the response to the second request is lost", { after: 1 }],
    ["both responses are lost", { after: 0, times: 2 }],
  ])("%s: the update is made once", async (_, at) => {
    const key = await old();
    const { wires, three } = table.code;
    wires.three.inject({ fault: "answerLost", operation: "UpdateItem", times: 1, ...at });
    const { data } = await three.contact.update(key, { tags: ["a"] });
    expect(data).toEqual({ names: ada, tags: ["a"], n: 0 });
    expect(await rawOf(key)).toMatchObject({ DataVersion: 3, Data: data });
    wires.three.clear();
  });

  test("a throttled second request is sent again", async () => {
    const key = await old();
    const { wires, three } = table.code;
    wires.three.inject({ fault: "throttle", operation: "UpdateItem", times: 2, after: 1 });
    await three.contact.update(key, { tags: ["a"] });
    expect(wires.three.operations).toHaveLength(4);
    wires.three.clear();
  });

  test("a write of old code between the two requests is not lost", async () => {
    const key = await old();
    const { three, none } = table.code;
    // Its request goes out when the first one of the update has been refused.
    const [updated] = await Promise.all([
      three.contact.update(key, { tags: ["a"] }),
      none.contact.update(key, { more: 1 } as never),
    ]);
    expect(updated.data).toMatchObject({ names: ada, tags: ["a"] });
    expect(await rawOf(key)).toMatchObject({ DataVersion: 3 });
  });

  test("updates of one older item at once are all made", async () => {
    const key = await old();
    const { three } = table.code;
    const fields = Array.from({ length: 6 }, (_, at) => `field${at}`);
    await Promise.all(fields.map((name) => three.contact.update(key, { [name]: 1 } as never)));
    const data = (await three.contact.get(key))?.data;
    expect(data).toEqual({
      names: ada,
      tags: [],
      n: 0,
      ...Object.fromEntries(fields.map((name) => [name, 1])),
    });
  });

  test("an item that is deleted between the two requests is not made again", async () => {
    const key = await old();
    const { wires, three, none } = table.code;
    wires.three.inject({ fault: "throttle", operation: "UpdateItem", times: 1, after: 1 });
    const update = failureOf(three.contact.update(key, { tags: [] }), DynamoDBError);
    await none.contact.delete(key);
    const error = await update.catch(() => undefined);
    wires.three.clear();
    // Whichever came first: the item is gone, or it was updated and then deleted.
    expect(error === undefined || error.code === "ItemNotFound").toBe(true);
    expect(await rawOf(key)).toBeUndefined();
  });

  test("no sequence of writers loses a newer payload, or a field that was written", async () => {
    const writer = fc.record({
      version: fc.constantFrom("one", "two", "three"),
      call: fc.constantFrom("update", "put", "lock"),
    });
    const property = fc.asyncProperty(
      fc.array(writer, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (writers, atOnce) => {
        const key = await old();
        const numberOf = { one: 1, two: 2, three: 3 } as const;
        let newest = 1;
        const kept: Record<string, number> = {};
        const write = async ({ version, call }: (typeof writers)[number], at: number) => {
          const { contact } = table.code[version as "three"];
          const field = `field${at}`;
          const whole = {
            one: { name: "Ada Lovelace" },
            two: { names: ada },
            three: { names: ada, tags: [] },
          }[version];
          const item = await contact.get(key);
          const locked = { ifUpdatedAt: item?.updatedAt };
          const done = await (call === "put"
            ? contact.put({ ...key, data: { ...whole, [field]: at } as never })
            : contact.update(key, { [field]: at } as never, call === "lock" ? locked : {})
          ).then(
            () => true,
            (error: DynamoDBError) => {
              const codes = ["NewerVersion", "ConditionalCheckFailedException"];
              expect(codes).toContain(error.code);
              if (!atOnce) {
                expect(error.code).toBe("NewerVersion");
                expect(newest).toBeGreaterThan(numberOf[version as "one"]);
              }
              return false;
            },
          );
          if (!done || atOnce) return;
          newest = Math.max(newest, numberOf[version as "one"]);
          if (call === "put") for (const name of Object.keys(kept)) delete kept[name];
          kept[field] = at;
        };
        if (atOnce) await Promise.all(writers.map(write));
        else for (const [at, one] of writers.entries()) await write(one, at);
        const stored = await rawOf(key);
        const version = Number(stored?.DataVersion ?? 1);
        if (!atOnce) {
          expect(version).toBe(newest);
          expect(stored?.Data).toMatchObject(kept);
        }
        // What is stored is a payload of the version that it is stored with.
        const shape = version === 1 ? { name: "Ada Lovelace" } : { names: ada };
        expect(stored?.Data).toMatchObject(shape);
        const names = Object.keys(stored?.Data ?? {});
        expect(names.includes("tags")).toBe(version === 3);
        expect(names.includes("name")).toBe(version === 1);
      },
    );
    await fc.assert(property, tries(20));
  });
});

/** The application that records who changed what, on the engines with streams. */
import { createStreamHandler } from "bayon-coagent-data/streams";
import { changeRecords, createTestDataLayer } from "bayon-coagent-data/testing";
import { createAuditHandler } from "../../examples/audit-trail/audit.js";
import * as entities from "../../examples/audit-trail/entities/index.js";
import { change, offer, withdraw } from "../../examples/audit-trail/listings.js";
import { trailOf } from "../../examples/audit-trail/trail.js";
import { describeStreams } from "../streams/stream.js";

const key = { agentId: "ada", listingId: "elm-street-12" };
const home = { address: "12 Elm Street", price: 450_000 };

describeStreams("the audit trail on $name", ({ engine }) => {
  const open = () => createTestDataLayer({ engine, stream: true, entities, builtIn: false });
  type Data = Awaited<ReturnType<typeof open>>;
  const eventOf = async (data: Data) => changeRecords(data, await data.changes());
  const trail = async (data: Data) => {
    const lines = await trailOf(data, key.listingId);
    return lines.map((line) => line.replace(/^\d\S+Z /, ""));
  };
  const whole = [
    "created by ada",
    '    address: (none) -> "12 Elm Street"',
    "    price: (none) -> 450000",
    "updated by bo",
    "    price: 450000 -> 435000",
    '    features: (none) -> ["garden"]',
    "deleted by ada",
    '    address: "12 Elm Street" -> (none)',
    "    price: 435000 -> (none)",
    '    features: ["garden"] -> (none)',
  ];

  test("says who changed what, in order, with what was there before", async () => {
    await using data = await open();
    await offer(data, key, home, "ada");
    await change(data, key, { price: 435_000, features: ["garden"] }, "bo");
    await withdraw(data, key, "ada");
    expect(await createAuditHandler(data)(await eventOf(data))).toEqual({ batchItemFailures: [] });
    expect((await trail(data)).toSorted()).toEqual(whole.toSorted());
    expect((await trail(data)).filter((line) => line.includes(" by "))).toEqual([
      ...["created by ada", "updated by bo", "deleted by ada"],
    ]);
  });

  test("an event that is delivered again, or in pieces, writes nothing twice", async () => {
    await using data = await open();
    await offer(data, key, home, "ada");
    await change(data, key, { price: 435_000 }, "bo");
    const event = await eventOf(data);
    const handler = createAuditHandler(data);
    await handler(event);
    const once = await trail(data);
    await data.changes();
    await handler(event);
    await createAuditHandler(data)({ Records: event.Records.slice(1) });
    expect(await trail(data)).toEqual(once);
    // Not even a request that changes nothing is in the stream.
    expect(await data.changes()).toEqual([]);
  });

  test("does not handle what it writes itself", async () => {
    await using data = await open();
    await offer(data, key, home, "ada");
    const handler = createAuditHandler(data);
    await handler(await eventOf(data));
    const own = await data.changes();
    expect(own.map(({ entity, kind }) => `${entity} ${kind}`)).toEqual(["auditEntry created"]);
    await handler(await changeRecords(data, own));
    expect(await data.changes()).toEqual([]);
    // One that took all changes would.
    const endless = createStreamHandler(data, {
      any: ({ entity, id: changeId }) =>
        data.auditEntry.create({
          ...{ listingId: "l", changeId },
          data: { by: entity, kind: "created", changes: [] },
        }),
    });
    await endless(await changeRecords(data, own));
    expect(await data.changes()).toHaveLength(1);
  });

  test("a failure is delivered again, and an item that expired was removed by DynamoDB", async () => {
    await using data = await open();
    await offer(data, key, home, "ada");
    const event = await eventOf(data);
    data.wire.inject({ fault: "timeout", times: Number.POSITIVE_INFINITY });
    const warned = jest.spyOn(process, "emitWarning").mockImplementation();
    const failed = await createAuditHandler(data)(event);
    expect(failed.batchItemFailures).toHaveLength(1);
    warned.mockRestore();
    data.wire.clear();
    const handler = createAuditHandler(data);
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    const before = await data.listing.getOrThrow(key);
    await handler(await changeRecords(data, { entity: "listing", kind: "expired", before }));
    expect((await trail(data)).filter((line) => line.includes(" by "))).toEqual([
      ...["created by ada", "expired by DynamoDB"],
    ]);
  });
});

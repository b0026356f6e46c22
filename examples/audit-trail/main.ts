/**
 * The whole of it on an engine of its own: `npm start`, or `npm start -- http://localhost:8000` with the
 * address of a DynamoDB Local, where dynoxide is not installed. The test kit stands for AWS Lambda.
 */
import { changeRecords, createTestDataLayer } from "bayon-coagent-data/testing";
import { createAuditHandler } from "./audit.js";
import * as entities from "./entities/index.js";
import { change, offer, withdraw } from "./listings.js";
import { trailOf } from "./trail.js";

const [engine] = process.argv.slice(2);
const data = await createTestDataLayer({ engine, stream: true, entities, builtIn: false });
const handler = createAuditHandler(data);

const key = { agentId: "ada", listingId: "elm-street-12" };
await offer(data, key, { address: "12 Elm Street", price: 450_000 }, "ada");
await change(data, key, { price: 435_000, features: ["garden"] }, "bo");
await withdraw(data, key, "ada");

const event = await changeRecords(data, await data.changes());
await handler(event);
// Lambda may deliver an event again: nothing is written twice.
await handler(event);

for (const line of await trailOf(data, key.listingId)) console.log(line);
await data.close();

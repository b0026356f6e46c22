/** What the types of the faults promise and refuse. Compiled by `npm run test:types`, never run. */
import { type Fault, type FaultyRequestHandler, faults } from "bayon-coagent-data/testing";

const handler: FaultyRequestHandler = faults(
  { fault: "throttle" },
  { fault: "slow", operation: "GetItem", times: 2, after: 1, delayMs: 10 },
);
const chained: FaultyRequestHandler = handler.inject({ fault: "answerLost" }).random({
  seed: 1,
  rate: 0.1,
});
const random: FaultyRequestHandler = faults.random({ seed: 1, rate: 0.1, faults: ["bodyCut"] });
const hit: Fault | undefined = random.requests[0]?.fault;

// @ts-expect-error no such fault
faults({ fault: "flood" });
// @ts-expect-error no such operation
faults({ fault: "throttle", operation: "get" });
// @ts-expect-error a share needs a seed
faults.random({ rate: 0.1 });
// @ts-expect-error a counted rule has no rate
chained.inject({ fault: "throttle", rate: 0.1 });
// @ts-expect-error a fault is one of those that there are
hit satisfies "flood";

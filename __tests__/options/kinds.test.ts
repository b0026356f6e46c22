/** Settings of the wrong kind: as good as absent, they would be missed only when they are needed. */
import { createDataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";

const place = { environment: "development", tableName: "Kinds" } as const;
const wrong: [object, RegExp][] = [
  [{ coalesce: "no" }, /^coalesce must be true or false$/],
  [{ events: {} }, /^events must be a function$/],
  [{ clock: {} }, /^clock must have a function now$/],
  [{ clock: { time: () => 1 } }, /^clock must have a function now$/],
  [{ logger: {} }, /^logger must have the functions debug and warn$/],
  [{ logger: { debug: () => 1, warn: 5 } }, /^logger must have the functions debug and warn$/],
  [{ requestHandler: 5 }, /^requestHandler must be a request handler, or its options$/],
  [
    { requestHandler: { requestTimout: 1 } },
    /"requestTimout" is not an option; did you mean "requestTimeout"/,
  ],
];

test.each(wrong)("%o is refused when the layer is made", (options, message) => {
  const make = () => createDataLayer({ ...place, ...(options as DataLayerOptions) });
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

const right: DataLayerOptions[] = [
  { coalesce: false, events: () => undefined, clock: Date, logger: console },
  { requestHandler: { requestTimeout: 1_000, httpAgent: { maxSockets: 3 } } },
  { requestHandler: { handle: async () => ({ response: {} }) } as never },
];

test.each(right)("%o is taken", async (options) => {
  await createDataLayer({ ...place, ...options }).close();
});

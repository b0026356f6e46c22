/** Settings of the wrong kind: as good as absent, they would be missed only when they are needed. */
import { createDataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";

const place = { environment: "development", tableName: "Kinds" } as const;
const wrong: [object, RegExp][] = [
  [{ coalesce: "no" }, /^coalesce must be true or false$/],
  [{ events: {} }, /^events must be a function$/],
  [{ clock: {} }, /^clock must have a function now$/],
  [{ clock: { time: () => 1 } }, /^clock must have a function now$/],
  ...[Number.NaN, 1.5, -1, "1", undefined].map((time): [object, RegExp] => [
    { clock: { now: () => time } },
    /^clock\.now must return epoch milliseconds: an integer from 0$/,
  ]),
  ...["token", "sessiontoken", "profile", "roleArn"].map((name): [object, RegExp] => [
    { credentials: { accessKeyId: "a", secretAccessKey: "b", [name]: "c" } },
    new RegExp(`^credentials: "${name}" is not an option`),
  ]),
  [{ logger: {} }, /^logger must have the functions debug and warn$/],
  [{ logger: { debug: () => 1, warn: 5 } }, /^logger must have the functions debug and warn$/],
  [
    { requestHandler: { httpAgent: { maxSockets: -1 } } },
    /^requestHandler\.httpAgent\.maxSockets must be a number from 0$/,
  ],
  [
    { requestHandler: { httpsAgent: { maxTotalSockets: 0 } } },
    /^requestHandler\.httpsAgent\.maxTotalSockets must be a number from 1$/,
  ],
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
  {
    credentials: {
      accessKeyId: "a",
      secretAccessKey: "b",
      sessionToken: "c",
      expiration: new Date(0),
      accountId: "1",
      credentialScope: "us-east-1",
      $source: { CREDENTIALS_PROFILE: "p" },
    } as never,
  },
  {
    // As SDKs of old have them: an instance with members of its own.
    credentials: new (class {
      readonly accessKeyId = "a";
      readonly secretAccessKey = "b";
      readonly expired = false;
    })(),
  },
];

test.each(right)("%o is taken", async (options) => {
  await createDataLayer({ ...place, ...options }).close();
});

test("a clock that stops to give times is named by the next write, and nothing is sent", async () => {
  let now = 1;
  const handle = jest.fn();
  const data = createDataLayer({
    ...place,
    clock: { now: () => now },
    requestHandler: { handle } as never,
  });
  now = Number.NaN;
  const input = { userId: "u1", projectId: "p1", data: { name: "n" } };
  await expect(data.project.put(input)).rejects.toThrow(/clock\.now must return epoch milli/);
  await expect(data.project.batchPut([input])).rejects.toThrow(ConfigurationError);
  expect(handle).not.toHaveBeenCalled();
  await data.close();
});

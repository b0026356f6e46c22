/** Settings that are not known: refused when they are given, with the name that was meant. */
import {
  ConfigurationError,
  createDataLayer,
  DynamoDBRepository,
  iamPolicy,
  withBatchRetry,
  withRetry,
} from "../../src/index.js";
import {
  createTestDataLayer,
  FaultyRequestHandler,
  faults,
  startEngine,
  startFaultProxy,
} from "../../src/testing/index.js";
import { failureOf } from "../open.js";

const key = "A".repeat(43);
const keys = { keys: { a: key }, current: "a" };
const provider = {
  currentKey: async () => ({ id: "a", key: new Uint8Array(32) }),
  keyOf: async () => null,
};
const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/T";

/** A call with settings; what it makes is closed again. */
type Call = (given: never) => unknown;
const layer: Call = async (given) => createDataLayer(given).close();
const faulty: Call = (given) => new FaultyRequestHandler().inject(given);

test.each<[string, Call, object, string, string]>([
  [
    "createDataLayer",
    layer,
    { tableNam: "T" },
    "createDataLayer",
    '"tableNam" is not an option; did you mean "tableName"?',
  ],
  [
    "createDataLayer, in capitals",
    layer,
    { TableName: "T" },
    "createDataLayer",
    '"TableName" is not an option; did you mean "tableName"?',
  ],
  [
    "retry",
    layer,
    { retry: { retries: 3 } },
    "retry",
    '"retries" is not an option; did you mean "maxRetries"?',
  ],
  [
    "retry.budget",
    layer,
    { retry: { budget: { capasity: 3 } } },
    "retry.budget",
    '"capasity" is not an option; did you mean "capacity"?',
  ],
  [
    "hedgedReads",
    layer,
    { hedgedReads: { minDelay: 3 } },
    "hedgedReads",
    '"minDelay" is not an option; did you mean "minDelayMs"?',
  ],
  [
    "credentials as STS gives them",
    layer,
    { credentials: { AccessKeyId: "a", SecretAccessKey: "b" } },
    "credentials",
    '"AccessKeyId" is not an option; did you mean "accessKeyId"?',
  ],
  [
    "credentials of other names",
    layer,
    { credentials: { user: "a" } },
    "credentials",
    '"user" is not an option: the options are accessKeyId, secretAccessKey, sessionToken',
  ],
  [
    "a pair beside a misspelt token",
    layer,
    { credentials: { accessKeyId: "a", secretAccessKey: "b", sesionToken: "c" } },
    "credentials",
    '"sesionToken" is not an option; did you mean "sessionToken"?',
  ],
  [
    "encryption keys",
    layer,
    { encryption: { ...keys, clearTxt: "refuse" } },
    "encryption",
    '"clearTxt" is not an option; did you mean "clearText"?',
  ],
  [
    "a key provider",
    layer,
    { encryption: { ...provider, cleartext: "refuse" } },
    "encryption",
    '"cleartext" is not an option; did you mean "clearText"?',
  ],
  [
    "createTestDataLayer",
    createTestDataLayer as Call,
    { coalesc: false },
    "createTestDataLayer",
    '"coalesc" is not an option; did you mean "coalesce"?',
  ],
  [
    "createTestDataLayer, what the engine decides",
    createTestDataLayer as Call,
    { region: "us-east-1" },
    "createTestDataLayer",
    '"region" is not an option: the options are tableName, ',
  ],
  [
    "startEngine",
    startEngine as Call,
    { prot: 4566 },
    "startEngine",
    '"prot" is not an option; did you mean "port"?',
  ],
  [
    "startFaultProxy",
    startFaultProxy as Call,
    { targt: "http://127.0.0.1:1" },
    "startFaultProxy",
    '"targt" is not an option; did you mean "target"?',
  ],
  [
    "faults",
    faults as Call,
    { fault: "throttle", time: 3 },
    "faults",
    '"time" is not an option; did you mean "times"?',
  ],
  [
    "faults, injected",
    faulty,
    { fault: "throttle", opertion: "Query" },
    "faults",
    '"opertion" is not an option; did you mean "operation"?',
  ],
  [
    "faults.random",
    faults.random as Call,
    { seed: 1, rate: 0.1, fault: ["throttle"] },
    "faults.random",
    '"fault" is not an option; did you mean "faults"?',
  ],
  [
    "iamPolicy",
    iamPolicy as Call,
    { tableArn, acess: "scripts" },
    "iamPolicy",
    '"acess" is not an option; did you mean "access"?',
  ],
  [
    "withRetry",
    (given) => withRetry(() => 1, given),
    { retries: 3 },
    "retry",
    '"retries" is not an option; did you mean "maxRetries"?',
  ],
  [
    "withRetry, which has no budget",
    (given) => withRetry(() => 1, given),
    { budget: false },
    "retry",
    '"budget" is not an option: the options are maxRetries, ',
  ],
  [
    "withBatchRetry",
    (given) =>
      withBatchRetry(
        async () => 1,
        () => [],
        [1],
        given,
      ),
    { maxDelay: 3 },
    "retry",
    '"maxDelay" is not an option; did you mean "maxDelayMs"?',
  ],
  [
    "DynamoDBRepository",
    (given) => new DynamoDBRepository(given),
    { jiter: false },
    "retry",
    '"jiter" is not an option; did you mean "jitter"?',
  ],
])("%s refuses what it does not know (it was ignored)", async (_, call, given, at, rule) => {
  const refused = (async () => call(given as never))();
  const error = await failureOf(refused, ConfigurationError);
  expect(error.message.startsWith(`${at}: ${rule}`)).toBe(true);
});

test.each<[string, Call, object]>([
  ["createDataLayer", layer, { tableNam: undefined, tableName: "Table" }],
  ["retry", layer, { retry: { retries: undefined, budget: { more: undefined, capacity: 5 } } }],
  [
    "a pair with what the SDK puts beside it",
    layer,
    { credentials: { accessKeyId: "a", secretAccessKey: "b", $source: {}, accountId: "1" } },
  ],
  [
    "a pair that is undefined",
    layer,
    { credentials: { accessKeyId: undefined, secretAccessKey: undefined } },
  ],
  [
    "a key provider with members of its own",
    layer,
    { encryption: { ...provider, key, cache: new Map(), clear: () => 1 } },
  ],
  ["faults", faults as Call, { fault: "throttle", time: undefined }],
  ["withRetry", (given) => withRetry(() => 1, given), { retries: undefined, maxRetries: 1 }],
])("%s takes what it knows, and what is undefined", async (_, call, given) => {
  await (async () => call(given as never))();
});

test("settings of a class count with what they inherit (tableName was the default's)", async () => {
  class Settings {
    get tableName() {
      return "Inherited";
    }
  }
  const data = createDataLayer(new Settings());
  expect(data.configuration.tableName).toBe("Inherited");
  await data.close();
});

test.each(["a text", 5, true])(
  "credentials that are %p are refused (the environment's were used)",
  async (credentials) => {
    const made = (async () => createDataLayer({ credentials: credentials as never }))();
    expect((await failureOf(made, ConfigurationError)).message).toBe(
      "credentials must be a pair of keys or a provider function",
    );
  },
);

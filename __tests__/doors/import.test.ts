import { createHook } from "node:async_hooks";
import type * as Sdk from "@aws-sdk/client-dynamodb";
import { faults } from "../../src/testing/index.js";

type Door = typeof import("../../src/index.js");

/** Node's names of what may outlive an import: timers, sockets, look-ups, processes, threads. */
const started = /Timeout|Immediate|TCP|TLS|PIPE|UDP|HTTP|GETADDRINFO|DNS|PROCESS|WORKER|FSEVENT/;

/** What of it `run` starts. Jest's own work, which compiles as it imports, is nothing of the kind. */
function startedBy(run: () => void): string[] {
  const types: string[] = [];
  const hook = createHook({ init: (_, type) => types.push(type) }).enable();
  try {
    run();
  } finally {
    hook.disable();
  }
  return types.filter((type) => started.test(type));
}

/** Runs with the package imported anew, and counts the SDK's clients. */
function withDoor(run: (importDoor: () => Door, clients: () => number) => void): void {
  jest.isolateModules(() => {
    let made = 0;
    jest.doMock("@aws-sdk/client-dynamodb", () => {
      const sdk = jest.requireActual<typeof Sdk>("@aws-sdk/client-dynamodb");
      class DynamoDBClient extends sdk.DynamoDBClient {
        constructor(...given: ConstructorParameters<typeof sdk.DynamoDBClient>) {
          super(...given);
          made += 1;
        }
      }
      return { ...sdk, DynamoDBClient };
    });
    run(
      () => jest.requireActual<Door>("../../src/index.js"),
      () => made,
    );
  });
}

describe("importing the package", () => {
  const variables = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB"];
  const before = new Map(variables.map((variable) => [variable, process.env[variable]]));
  afterEach(() => {
    jest.dontMock("@aws-sdk/client-dynamodb");
    for (const [variable, value] of before) {
      if (value === undefined) delete process.env[variable];
      else process.env[variable] = value;
    }
  });

  test("starts nothing: no timer, no socket, no client", () => {
    expect(startedBy(() => clearTimeout(setTimeout(() => {}, 1)))).toEqual(["Timeout"]);
    withDoor((importDoor, clients) => {
      expect(startedBy(importDoor)).toEqual([]);
      expect(clients()).toBe(0);
    });
  });

  test("a data layer makes its clients when it first sends", async () => {
    let sent: Promise<unknown> | undefined;
    withDoor((importDoor, clients) => {
      const { createDataLayer } = importDoor();
      const options = { endpoint: "http://127.0.0.1:9", requestHandler: faults() };
      expect(startedBy(() => createDataLayer(options))).toEqual([]);
      expect(clients()).toBe(0);
      const data = createDataLayer({ ...options, retry: { maxRetries: 0 }, coalesce: false });
      sent = data.project.get({ userId: "u", projectId: "p" });
      expect(clients()).toBeGreaterThan(0);
    });
    await expect(sent).rejects.toThrow();
  });

  test("leaves a wrong environment to the first call", () => {
    process.env.COAGENT_ENV = "no such environment";
    process.env.AWS_ENDPOINT_URL_DYNAMODB = "not a url";
    withDoor((importDoor) => {
      const { createDataLayer, getTableName } = importDoor();
      expect(() => getTableName()).toThrow("COAGENT_ENV");
      expect(() => createDataLayer()).toThrow("COAGENT_ENV");
    });
  });
});

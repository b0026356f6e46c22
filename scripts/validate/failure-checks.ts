/** Errors and retry: what is refused before it is sent, and what is sent again. */
import {
  AbortedError,
  ConditionalCheckFailedError,
  DynamoDBError,
  ThroughputExceededError,
  TimeoutError,
  ValidationError,
  withRetry,
} from "../../src/index.js";
import { type FaultRule, FaultyRequestHandler } from "../../src/testing/faults.js";
import { type Check, type CheckGroup, expect, refused, type Scratch } from "./check.js";

const retry = { maxRetries: 3, initialDelayMs: 5, maxDelayMs: 20 };

/** Makes a call with these faults, and returns how many HTTP requests it took. */
async function underFaults<T>(
  scratch: Scratch,
  rules: readonly FaultRule[],
  call: (data: Scratch["data"]) => Promise<T>,
): Promise<{ result: T; attempts: number }> {
  const wire = new FaultyRequestHandler();
  for (const rule of rules) wire.inject(rule);
  const data = scratch.connect({ requestHandler: wire, retry });
  try {
    return { result: await call(data), attempts: wire.requests.length };
  } finally {
    await data.close();
  }
}

/** A fault that ends after some requests: the call succeeds, with that many more attempts. */
function survives(name: string, rule: FaultRule): Check {
  return {
    name,
    run: async (scratch) => {
      const key = { userId: scratch.userId, projectId: "validate-retry" };
      const { attempts } = await underFaults(scratch, [rule], (data) =>
        data.project.put({ ...key, data: { name: "Sent again" } }),
      );
      const expected = (rule.times ?? 1) + 1;
      expect(attempts === expected, `took ${attempts} HTTP requests, not ${expected}`);
      return `${attempts} HTTP requests`;
    },
  };
}

const sentNothing = async (scratch: Scratch, call: () => Promise<unknown>): Promise<void> => {
  const before = scratch.requests();
  await refused(ValidationError, call());
  expect(scratch.requests() === before, "a request was sent");
};

export const errorChecks: CheckGroup = {
  name: "errors",
  checks: [
    {
      name: "an invalid key is refused before it is sent",
      run: (scratch) =>
        sentNothing(scratch, () => scratch.data.project.get({ userId: "", projectId: "p" })),
    },
    {
      name: "a payload that cannot be stored is refused before it is sent",
      run: async (scratch) => {
        const key = { userId: scratch.userId, contentId: "validate-bad" };
        for (const content of ["x".repeat(420_000), "\ud800"]) {
          const data = { type: "Note", content };
          await sentNothing(scratch, () => scratch.data.savedContent.put({ ...key, data }));
        }
      },
    },
    {
      name: "a forged cursor is refused before it is sent",
      run: (scratch) =>
        sentNothing(scratch, () =>
          scratch.data.project.query({ userId: scratch.userId }, { cursor: "forged", limit: 1 }),
        ),
    },
    {
      name: "an error names the call and hides the payload",
      run: async ({ data, userId }) => {
        const input = { userId, projectId: "validate-secret", data: { name: "unspoken" } };
        await data.project.create(input);
        const error = await refused(ConditionalCheckFailedError, data.project.create(input));
        expect(error.message.includes(`projectId=${input.projectId}`), "the key is not named");
        expect(error.operation === "create" && error.entity === "Project", "the call is not named");
        const said = `${error.message} ${JSON.stringify(error)}`;
        expect(!said.includes("unspoken"), "the payload is in the message");
      },
    },
    {
      name: "a table that is not there",
      run: async (scratch) => {
        const data = scratch.connect({
          tableName: `${scratch.userId}-absent`.slice(0, 255),
          retry,
        });
        try {
          const call = data.project.get({ userId: "u", projectId: "p" });
          const { code } = await refused(DynamoDBError, call);
          const codes: unknown[] = ["ResourceNotFoundException", "AccessDeniedException"];
          expect(codes.includes(code), `the code is ${code}`);
          return code;
        } finally {
          await data.close();
        }
      },
    },
    {
      name: "an aborted call",
      run: async ({ data, userId }) => {
        const signal = AbortSignal.abort(new Error("no longer wanted"));
        await refused(AbortedError, data.project.query({ userId }, { signal }));
      },
    },
  ],
};

export const retryChecks: CheckGroup = {
  name: "retry",
  checks: [
    survives("throttled twice", { fault: "throttle", times: 2 }),
    survives("a connection that is reset", { fault: "connectionReset" }),
    survives("a server error", { fault: "serverError" }),
    survives("no answer in time", { fault: "timeout" }),
    {
      name: "a batch that is processed by halves",
      run: async (scratch) => {
        const inputs = [0, 1, 2].map((index) => {
          const projectId = `validate-half-${index}`;
          return { userId: scratch.userId, projectId, data: { name: "By halves" } };
        });
        const rule: FaultRule = { fault: "partialUnprocessed", operation: "BatchWriteItem" };
        const { result, attempts } = await underFaults(scratch, [rule], (data) =>
          data.project.batchPut(inputs),
        );
        expect(result.written === 3, `wrote ${result.written} of 3`);
        return `${attempts} HTTP requests`;
      },
    },
    {
      name: "throttled permanently: maxRetries + 1 attempts",
      run: async (scratch) => {
        const rule: FaultRule = { fault: "throttle", times: Number.POSITIVE_INFINITY };
        const key = { userId: scratch.userId, projectId: "p" };
        const { attempts } = await underFaults(scratch, [rule], (data) =>
          refused(ThroughputExceededError, data.project.get(key)),
        );
        expect(attempts === retry.maxRetries + 1, `${attempts} HTTP requests`);
      },
    },
    {
      name: "a condition that fails is not tried again",
      run: async (scratch) => {
        const input = { userId: scratch.userId, projectId: "validate-once", data: { name: "One" } };
        await scratch.data.project.create(input);
        const { attempts } = await underFaults(scratch, [], (data) =>
          refused(ConditionalCheckFailedError, data.project.create(input)),
        );
        expect(attempts === 1, `${attempts} HTTP requests`);
      },
    },
    {
      name: "the deadline of a call",
      run: async (scratch) => {
        const wire = new FaultyRequestHandler();
        wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
        const slow = { maxRetries: 10, initialDelayMs: 200 };
        const data = scratch.connect({ requestHandler: wire, retry: slow });
        const key = { userId: scratch.userId, projectId: "p" };
        try {
          await refused(TimeoutError, data.project.get(key, { timeoutMs: 50 }));
        } finally {
          await data.close();
        }
      },
    },
    {
      name: "withRetry",
      run: async () => {
        let calls = 0;
        const throttled = () =>
          Object.assign(new Error("slow down"), { name: "ThrottlingException" });
        const result = await withRetry(() => {
          calls += 1;
          if (calls < 3) throw throttled();
          return calls;
        }, retry);
        expect(result === 3, `${calls} calls`);
      },
    },
  ],
};

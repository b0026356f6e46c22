/** Batches of any size and order do what a Map does, whatever goes wrong on the way. */
import fc from "fast-check";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import type { Fault } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { id, time, tries } from "./arbitraries.js";

interface Put {
  readonly projectId: string;
  readonly createdAt: number;
  readonly mark: number;
}

type Step = { readonly put: readonly Put[] } | { readonly delete: readonly string[] };

// Few ids, so that batches name the same ones again and again. Without `size`, fast-check would make no batch
// that takes more than one request.
const size = "max";
const ids = fc.uniqueArray(id, { minLength: 3, maxLength: 70, size });

const scenario = ids.chain((known) => {
  const projectId = fc.constantFrom(...known);
  const puts = fc.array(fc.record({ projectId, createdAt: time, mark: fc.nat() }), {
    maxLength: 110,
    size,
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 2, arbitrary: puts.map((put) => ({ put })) },
    {
      weight: 1,
      arbitrary: fc.array(projectId, { maxLength: 40, size }).map((keys) => ({ delete: keys })),
    },
  );
  return fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    read: fc.array(projectId, { maxLength: 250, size }),
  });
});

const fault = fc.record({
  fault: fc.constantFrom<Fault>(
    "partialUnprocessed",
    "partialUnprocessed",
    "throttle",
    "serverError",
    "connectionReset",
    "timeout",
  ),
  operation: fc.constantFrom("BatchWriteItem", "BatchGetItem"),
  times: fc.integer({ min: 1, max: 3 }),
  after: fc.integer({ min: 0, max: 2 }),
});

describe.each(engines)("on $name", (engine) => {
  const retry = { maxRetries: 12, initialDelayMs: 0, maxDelayMs: 1, jitter: false };
  const table = openTable(engine, { retry });
  let users = 0;

  const inputOf = (userId: string, { projectId, createdAt, mark }: Put) => ({
    ...{ userId, projectId, createdAt },
    data: { name: "n", mark },
  });
  const lastOfEach = (puts: readonly Put[]) =>
    new Map(puts.map((put) => [put.projectId, put] as const));

  test("batches leave what a Map would hold, through throttling and partial answers", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenario,
        fc.array(fault, { maxLength: 3 }),
        async ({ steps, read }, faults) => {
          users += 1;
          const userId = `u${users}`;
          const { project, wire } = table.data;
          const model = new Map<string, Put>();
          wire.clear();
          for (const rule of faults) wire.inject(rule);
          for (const step of steps) {
            if ("put" in step) {
              const { written } = await project.batchPut(
                step.put.map((put) => inputOf(userId, put)),
              );
              for (const put of step.put) model.set(put.projectId, put);
              expect(written).toBe(lastOfEach(step.put).size);
            } else {
              const keys = step.delete.map((projectId) => ({ userId, projectId }));
              expect(await project.batchDelete(keys)).toEqual({
                written: new Set(step.delete).size,
              });
              for (const projectId of step.delete) model.delete(projectId);
            }
          }
          const found = await project.batchGet(read.map((projectId) => ({ userId, projectId })));
          const expected = read.map((projectId) => {
            const put = model.get(projectId);
            return put === undefined ? null : expect.objectContaining(stored(userId, put));
          });
          expect(found).toEqual(expected);
          const { items } = await project.query({ userId });
          expect(items).toHaveLength(model.size);
        },
      ),
      tries(20),
    );
  });

  test("where the engine never takes all, exactly what is not written is in the error", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.integer({ min: 0, max: 4 }), async ({ steps, read }, after) => {
        users += 1;
        const userId = `u${users}`;
        const { project, wire } = table.data;
        const puts = steps.flatMap((step) => ("put" in step ? step.put : []));
        fc.pre(puts.length > 0 && read.length > 0);
        const inputs = puts.map((put) => inputOf(userId, put));
        const wanted = lastOfEach(puts);

        wire.clear().inject({
          ...{ fault: "partialUnprocessed", operation: "BatchWriteItem" },
          ...{ times: Number.POSITIVE_INFINITY, after },
        });
        // What passes before the fault may be all there is.
        const outcome = await project.batchPut(inputs).catch((error: unknown) => error);
        const unwritten =
          outcome instanceof UnprocessedItemsError
            ? (outcome.items as (typeof inputs)[number][])
            : [];
        for (const input of unwritten) expect(inputs).toContain(input);
        expect(outcome).toMatchObject({ written: wanted.size - unwritten.length });
        wire.clear();
        const lost = new Set(unwritten.map(({ projectId }) => projectId));
        expect(lost.size).toBe(unwritten.length);
        const { items } = await project.query({ userId });
        const left = [...wanted.values()].filter(({ projectId }) => !lost.has(projectId));
        expect(items).toHaveLength(left.length);
        expect(items).toEqual(
          expect.arrayContaining(left.map((put) => expect.objectContaining(stored(userId, put)))),
        );

        wire.inject({
          ...{ fault: "throttle", operation: "BatchGetItem" },
          ...{ times: Number.POSITIVE_INFINITY, after: 0 },
        });
        const keys = read.map((projectId) => ({ userId, projectId }));
        expect(await failureOf(project.batchGet(keys), Error)).toMatchObject({ retryable: true });
        wire.clear().inject({
          ...{ fault: "partialUnprocessed", operation: "BatchGetItem" },
          times: Number.POSITIVE_INFINITY,
        });
        const unread = await failureOf(project.batchGet(keys), UnprocessedItemsError);
        for (const key of unread.items) expect(keys).toContain(key);
        wire.clear();
      }),
      tries(6),
    );
  });

  function stored(userId: string, { projectId, createdAt, mark }: Put) {
    return { userId, projectId, createdAt, data: { id: projectId, name: "n", mark } };
  }
});

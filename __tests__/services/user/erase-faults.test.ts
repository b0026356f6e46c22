/** `data.user(userId).erase()`: what is written meanwhile, what stops it, and how it goes on. */
import { AbortedError } from "../../../src/errors/aborted-error.js";
import { TimeoutError } from "../../../src/errors/timeout-error.js";
import { UnprocessedItemsError } from "../../../src/errors/unprocessed-items-error.js";
import { engines } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { lost, Recorder } from "../recorder.js";
import { rowsOf, storeContents } from "./people.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };

describe.each(engines)(
  "erasing a user while others write, or the wire fails, on $name",
  (engine) => {
    const wire = new Recorder();
    const table = openTable(engine, { retry, requestHandler: wire });
    beforeEach(() => wire.clear());
    afterEach(() => wire.clear());

    const store = async (...given: [userId: string, contents: number, content?: string]) => {
      await storeContents(table.data, ...given);
      wire.clear();
    };

    test("finds what is written behind its look, and erases that too", async () => {
      const { data } = table;
      await store("busy", 30);
      let writes = 3;
      wire.intercept = ({ operation, send }) => {
        if (operation !== "BatchWriteItem" || writes === 0) return undefined;
        writes -= 1;
        const contentId = `late-${writes}`;
        const write = data.savedContent.put({
          userId: "busy",
          contentId,
          data: { type: "t", content: "c" },
        });
        return write.then(send);
      };
      const { erased, left } = await data.user("busy").erase();
      expect({ erased, left, writes }).toEqual({ erased: 31 + 3, left: 0, writes: 0 });
      expect(await rowsOf(data, "busy")).toEqual([]);
    });

    test("gives up on a writer that never stops, and says what it left", async () => {
      const { data } = table;
      await store("restless", 1);
      let written = 0;
      wire.intercept = ({ operation, send }) => {
        if (operation !== "BatchWriteItem") return undefined;
        written += 1;
        const contentId = `again-${written}`;
        const write = data.savedContent.put({
          userId: "restless",
          contentId,
          data: { type: "t", content: "c" },
        });
        return send().then((answer) => write.then(() => answer));
      };
      const { erased, left } = await data.user("restless").erase();
      expect({ erased, left }).toEqual({ erased: 2 + 4, left: 1 });
      expect(wire.names.filter((name) => name === "BatchWriteItem")).toHaveLength(5);
      expect(wire.names.filter((name) => name === "Query")).toHaveLength(6 * 3);
      expect(await rowsOf(data, "restless")).toEqual(["USER#restless / CONTENT#again-5"]);
    });

    test("is aborted in the middle, and goes on with what is left when it is called again", async () => {
      const { data } = table;
      await store("stopped", 249);
      const stop = new AbortController();
      const ended = new Promise<never>((_, reject) => {
        stop.signal.addEventListener("abort", () => reject(new Error("the connection is closed")));
      });
      ended.catch(() => undefined);
      let sent = 0;
      let answered = 0;
      wire.intercept = ({ operation, send }) => {
        if (operation !== "BatchWriteItem") return undefined;
        sent += 1;
        // Three batches reach the engine; the others are on their way when the call is aborted.
        if (sent > 3) return ended;
        return send().then((answer) => {
          answered += 1;
          if (answered === 3) stop.abort(new Error("stopped by the test"));
          return answer;
        });
      };
      const erasing = data.user("stopped").erase({ signal: stop.signal });
      const error = await failureOf(erasing, AbortedError);
      expect(error).toMatchObject({ operation: "user.erase", mayHaveBeenDone: true });
      expect(error.message).toMatch(/^user\.erase \(userId=stopped\): aborted/);
      wire.clear();
      expect(await rowsOf(data, "stopped")).toHaveLength(250 - 75);
      expect(await data.user("stopped").erase()).toMatchObject({ erased: 250 - 75, left: 0 });
      expect(await rowsOf(data, "stopped")).toEqual([]);
    });

    test("says what it has erased if it is aborted in the look that follows", async () => {
      const { data } = table;
      await store("looked", 9);
      const stop = new AbortController();
      let hasErased = false;
      wire.intercept = ({ operation, send }) => {
        if (operation === "Query" && hasErased) stop.abort(new Error("enough"));
        hasErased ||= operation === "BatchWriteItem";
        return send();
      };
      const error = await failureOf(
        data.user("looked").erase({ signal: stop.signal }),
        AbortedError,
      );
      expect(error).toMatchObject({ written: 10, items: [], mayHaveBeenDone: true });
      expect(await rowsOf(data, "looked")).toEqual([]);
    });

    test.each([
      ["throttled", "throttle", "ProvisionedThroughputExceededException", true],
      ["reset", "connectionReset", "ECONNRESET", true],
    ] as const)(
      "says what it has erased if the look that follows is %s",
      async (user, fault, code, retryable) => {
        const { data } = table;
        await store(`look-${user}`, 9);
        let hasErased = false;
        wire.intercept = ({ operation }) => {
          if (operation === "Query" && hasErased) wire.inject({ fault, operation, times: 1 });
          hasErased ||= operation === "BatchWriteItem";
          return undefined;
        };
        const error = await failureOf(data.user(`look-${user}`).erase(), UnprocessedItemsError);
        expect(error).toMatchObject({ written: 10, items: [], code, retryable });
        expect(error).toMatchObject({ operation: "user.erase", mayHaveBeenDone: true });
        expect(error.message).toMatch(
          /^user\.erase \(userId=look-\w+\): 10 were erased, and the look for more failed: /,
        );
        expect(error.cause).not.toBeInstanceOf(UnprocessedItemsError);
        wire.clear();
        expect(await data.user(`look-${user}`).erase()).toMatchObject({ erased: 0, left: 0 });
      },
    );

    test("ends at its deadline", async () => {
      const { data } = table;
      await store("slow", 3);
      wire.inject({ fault: "slow", delayMs: 500, operation: "BatchWriteItem", times: 9 });
      const error = await failureOf(data.user("slow").erase({ timeoutMs: 100 }), TimeoutError);
      expect(error.operation).toBe("user.erase");
      wire.clear();
      await data.user("slow").erase();
      expect(await rowsOf(data, "slow")).toEqual([]);
    });

    test("a signal that is aborted already sends nothing", async () => {
      const signal = AbortSignal.abort(new Error("before"));
      await failureOf(table.data.user("early").erase({ signal }), AbortedError);
      expect(wire.names).toEqual([]);
    });

    test("loses answers, is throttled and gets batches half done, and erases everything once", async () => {
      const { data } = table;
      await store("faulty", 99);
      wire.inject({ fault: "throttle", operation: "Query" });
      wire.inject({ fault: "throttle", operation: "BatchWriteItem" });
      wire.inject({ fault: "partialUnprocessed", operation: "BatchWriteItem", times: 2 });
      let losses = 1;
      wire.intercept = (passing) => {
        if (passing.operation !== "BatchWriteItem" || losses === 0) return undefined;
        losses -= 1;
        return lost(passing);
      };
      expect(await data.user("faulty").erase()).toMatchObject({ erased: 100, left: 0 });
      expect(losses).toBe(0);
      expect(await rowsOf(data, "faulty")).toEqual([]);
    });

    test("what stays throttled is an error that says how much was erased, and can be resumed", async () => {
      const { data } = table;
      await store("throttled", 49);
      wire.inject({ fault: "throttle", operation: "BatchWriteItem", after: 1, times: 100 });
      const error = await failureOf(data.user("throttled").erase(), UnprocessedItemsError);
      expect(error.message).toMatch(
        /^user\.erase \(userId=throttled\): 25 of 50 were not erased: /,
      );
      expect(error).toMatchObject({ written: 25, unprocessed: 25, retryable: true });
      expect(error.mayHaveBeenDone).toBe(true);
      wire.clear();
      expect(await data.user("throttled").erase()).toMatchObject({ erased: 25, left: 0 });
      expect(await rowsOf(data, "throttled")).toEqual([]);
    });
  },
);

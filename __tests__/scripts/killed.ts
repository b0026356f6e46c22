/** A command in a process of its own, killed by SIGKILL while it waits for a response. */
import type { FaultProxy, WireRule } from "../../src/testing/index.js";
import { script } from "./run.js";

/**
 * Runs a command until its n-th request of an operation, which is carried out and not answered. On a
 * machine of any speed, only requests that are on their way by then come after it. Afterwards the proxy passes
 * everything on.
 * @param proxy what the command's `--endpoint` leads to
 */
export async function killedAt(
  proxy: FaultProxy,
  operation: WireRule["operation"],
  nth: number,
  args: readonly string[],
): Promise<void> {
  const running = script("cli.ts", args);
  proxy.inject({
    operation,
    after: nth - 1,
    answer: ({ forward }) => {
      running.child.kill("SIGKILL");
      return forward();
    },
  });
  await running.ended();
  expect(running.child.signalCode).toBe("SIGKILL");
  proxy.clear();
  // What it had sent is carried out all the same.
  await proxy.settled();
}

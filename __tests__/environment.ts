/**
 * Jest's environment for Node, which also ends what jest-circus 30.5 leaves on: for each file it
 * makes an AsyncLocalStorage, and never disables it. On Node 20 and 22 every promise then takes longer
 * with each file that its worker has run before, and the last files took two to four times as long as
 * by themselves.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { TestEnvironment } from "jest-environment-node";

/** Those that have been used since the last file ended. */
const used = new Set<AsyncLocalStorage<unknown>>();

const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...given: unknown[]) {
  used.add(this);
  return run.apply(this, given as Parameters<typeof run>);
};

export default class extends TestEnvironment {
  override async teardown(): Promise<void> {
    for (const storage of used) storage.disable();
    used.clear();
    await super.teardown();
  }
}

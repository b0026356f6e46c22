/** Counts requests for code that has begun them, through whatever calls they are made. */
import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The function that is called before each request that code within `meter.run` begins; a repeat of a request is
 * none. Gets that share a BatchGet count as one, for the first of them.
 */
export type Meter = Pick<AsyncLocalStorage<() => void>, "run" | "getStore">;

export const meter: Meter = /* @__PURE__ */ new AsyncLocalStorage();

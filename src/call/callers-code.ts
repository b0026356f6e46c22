/** A caller's own code that runs while a call reads its arguments: what it throws is thrown unchanged. */

/** Carries what was thrown through the checks around it, which would make one of the package's errors of it. */
interface ThrownByCaller {
  readonly thrown: unknown;
}

/** Not by `instanceof`: what was thrown may be a proxy, whose traps throw again. */
const carriers = new WeakSet<object>();

/** Runs a caller's code. What it throws passes all that is called below {@link unchanged}. */
export function callersCode<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    const carrier: ThrownByCaller = { thrown: error };
    carriers.add(carrier);
    throw carrier;
  }
}

export function isThrownByCaller(error: unknown): error is ThrownByCaller {
  return typeof error === "object" && error !== null && carriers.has(error);
}

/** Throws what a caller's code below it threw, as it was. */
export function unchanged<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw isThrownByCaller(error) ? error.thrown : error;
  }
}

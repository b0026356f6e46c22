/** A caller's own code that runs while a call reads its arguments: what it throws is thrown unchanged. */

/** Carries what was thrown through the checks around it, which would make one of the package's errors of it. */
class ThrownByCaller {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

/** Runs a caller's code. What it throws passes all that is called below {@link unchanged}. */
export function callersCode<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw new ThrownByCaller(error);
  }
}

export function isThrownByCaller(error: unknown): boolean {
  return error instanceof ThrownByCaller;
}

/** Throws what a caller's code below it threw, as it was. */
export function unchanged<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw error instanceof ThrownByCaller ? error.thrown : error;
  }
}

/** Work in steps, so that the page stands still for none of it, however much it is. */

/** How long steps are carried out before the browser has its turn, in ms. */
const sliceMs = 10;

/** Carries out the steps, a slice after the other. @returns ends it */
export function inSlices<T>(
  steps: Generator<void, T, void>,
  onDone: (value: T) => void,
): () => void {
  const slice = () => {
    const end = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) {
        onDone(step.value);
        return;
      }
    } while (performance.now() < end);
    timer = setTimeout(slice);
  };
  let timer = setTimeout(slice);
  return () => clearTimeout(timer);
}

/** Carries out all steps at once. */
export function finished<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

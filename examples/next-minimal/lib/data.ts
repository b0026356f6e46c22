import { createDataLayer, type DataLayer } from "bayon-coagent-data";

const shared = globalThis as typeof globalThis & { dataLayer?: DataLayer };

/**
 * One data layer per process: it keeps connections open. `next dev` runs this module again after
 * each change, so it is kept outside it.
 */
export function dataLayer(): DataLayer {
  shared.dataLayer ??= createDataLayer();
  return shared.dataLayer;
}

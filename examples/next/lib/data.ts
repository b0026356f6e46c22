import { createDataLayer, type DataLayer } from "bayon-coagent-data";

const shared = globalThis as typeof globalThis & { dataLayer?: DataLayer };

/** One data layer per process, made when it is first used: `next build` has no table to talk to. */
export function dataLayer(): DataLayer {
  shared.dataLayer ??= createDataLayer({ cursorSecret: process.env.CURSOR_SECRET });
  return shared.dataLayer;
}

/** ElectroDB and zod, whose modules are evaluated when something of them is first used. */
// biome-ignore-start lint/correctness/useImportExtensions: it is CommonJS, in what is published too.
import { zod as load } from "./packages.cjs";

export { Entity, Service } from "./packages.cjs";

// biome-ignore-end lint/correctness/useImportExtensions: the rest is TypeScript.

/** The parts of zod that are published. Unbuilt, it is all of it. */
type Parts = typeof import("./zod-parts.js");

/** zod, for functions that build or make schemas. */
export const zod = load as () => Parts;

/** zod, for declarations: each member is looked up where it is used. */
export const z: Parts = /* @__PURE__ */ new Proxy({} as Parts, {
  get: (_, name) => Reflect.get(zod(), name) as unknown,
});

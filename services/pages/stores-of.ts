/** The stores that the types give to the code of a use case. */
import type { useCaseStores } from "../../src/call/use-case-stores.js";
import type { FacadeName } from "../entities.js";
import type { Stores } from "../stores.js";

type Table = typeof useCaseStores;

/** Those that `useCaseStores` names for it: a use case that reads another one does not compile. */
export type StoresOf<G extends keyof Table, C extends keyof Table[G]> = Pick<
  Stores,
  Table[G][C] extends readonly (infer F)[] ? Extract<F, FacadeName> : never
>;

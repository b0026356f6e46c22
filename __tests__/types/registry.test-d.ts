/** The registry's types are those that the entities declare. Compiled by `npm run test:types`, never run. */
import type { EntityItem } from "electrodb";
import type { Entities, FacadeName, ItemOf, Specs } from "../../src/index.js";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

type AllTrue<Claims> = Equal<{ [C in keyof Claims]: true }, Claims>;

// An item's name stands for what its entity declares: the registry could name another one's.
type Declared<F extends FacadeName> = Specs[F]["parts"] & {
  data: NonNullable<EntityItem<Entities[F]>["data"]>;
  createdAt: number;
  updatedAt: number;
};
type Shown<T> = { [K in keyof T]: T[K] };
holds<AllTrue<{ [F in FacadeName]: Equal<Shown<ItemOf<F>>, Shown<Declared<F>>> }>>();
// @ts-expect-error another entity's item is found
holds<Equal<Shown<ItemOf<"project">>, Shown<Declared<"competitor">>>>();

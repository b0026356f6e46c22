/** The registry's types are those that the entities declare. Compiled by `npm run test:types`, never run. */
import type { EntityItem } from "electrodb";
import type { SchemaOf } from "../../services/registry.js";
import type { Entities, FacadeName, ItemOf, Registry, Specs } from "../../src/index.js";
import type { defaultProvider, oldKeys } from "../../src/keys/key-functions.js";

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

// The key functions have templates of their own, which are those of the declarations.
type TemplatesOf<F extends FacadeName> = SchemaOf<Registry[F]["definition"]>["indexes"]["byKey"];
type Declares<F extends FacadeName> = {
  readonly [P in F as SchemaOf<Registry[P]["definition"]>["model"]["entity"]]: {
    readonly pk: TemplatesOf<P>["pk"]["template"];
    readonly sk: TemplatesOf<P>["sk"]["template"];
  };
};
type OfKeyFunctions = {
  [N in keyof typeof oldKeys]: Pick<(typeof oldKeys)[N], "pk" | "sk">;
};
holds<Equal<OfKeyFunctions, Shown<Declares<FacadeName>>>>();
type ReviewIndex = SchemaOf<Registry["review"]["definition"]>["indexes"]["byReviewId"];
holds<Equal<(typeof oldKeys)["Review"]["gsi1pk"], ReviewIndex["pk"]["template"]>>();
holds<Equal<(typeof oldKeys)["Review"]["gsi1sk"], ReviewIndex["sk"]["template"]>>();
holds<
  Equal<
    typeof defaultProvider,
    SchemaOf<Registry["oauthToken"]["definition"]>["attributes"]["provider"]["default"]
  >
>();

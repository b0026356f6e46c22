/** What the compiler says of upgrades that do not lead from version to version. */
import type { AnyDefinition, PayloadIn, SchemaOf } from "./registry.js";

/** What is wrong with an entity's upgrades, as a text; `never` if nothing is. */
export type UpgradeProblem<D extends AnyDefinition> = D extends { readonly upgrade: infer U }
  ? // Steps without names can only be looked at when a data layer is made.
    number extends keyof U
    ? never
    : { [V in keyof U & number]: StepProblem<U, V, PayloadIn<SchemaOf<D>>> }[keyof U & number]
  : never;

/** What is wrong with one step: it must return what the next step takes, and the last one the payload. */
type StepProblem<U, V extends number, Data> = V extends keyof U
  ? U[V] extends (old: never) => infer Made
    ? NextOf<V> extends keyof U
      ? U[NextOf<V>] extends (old: infer Old) => unknown
        ? NotMade<Made, Old, V>
        : never
      : NotMade<Made, Data, V>
    : never
  : never;

type NotMade<Made, Wanted, V extends number> = [Made] extends [never]
  ? `upgrade ${V} never returns: it is null for a version of which no item is left`
  : [Made] extends [Wanted]
    ? Made extends PromiseLike<unknown>
      ? `upgrade ${V} returns a promise: upgrades are made at once`
      : never
    : Made extends PromiseLike<unknown>
      ? `upgrade ${V} returns a promise: upgrades are made at once`
      : [WrongField<Made, Wanted>] extends [never]
        ? `upgrade ${V} does not return a payload of version ${NextOf<V>}`
        : `upgrade ${V} returns no payload of version ${NextOf<V>}: ${WrongField<Made, Wanted>} is missing or of another type`;

/** A field that is not as the next version has it. */
type WrongField<Made, Wanted> = {
  [K in keyof Wanted & string]-?: Pick<Made, K & keyof Made> extends Pick<Wanted, K> ? never : K;
}[keyof Wanted & string];

/** The number after another one. */
type NextOf<N extends number> = [...Counted<N>, 0]["length"] & number;

type Counted<N extends number, All extends 0[] = []> = All["length"] extends N
  ? All
  : Counted<N, [...All, 0]>;

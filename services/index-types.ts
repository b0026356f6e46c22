/** The types of an entity's indexes: what a caller gives to read one, and what is wrong with its fields. */
import type { PartitionPart, PartType, SortPart } from "../entities/definition.js";
import type { Simplify } from "../src/store/field-paths.js";
import type { DeclaredSchema } from "../src/table/declared.js";
import type { PayloadIn } from "./registry.js";

/** The indexes that are read by their names: `query` reads the order of creation. */
export type IndexesOf<S extends DeclaredSchema> = {
  readonly [I in Exclude<keyof S["indexes"], "byKey" | "byCreatedAt">]: IndexIn<S, I>;
};

/** What a caller gives to read an index: a field of the payload by its own name. */
type IndexIn<S extends DeclaredSchema, I extends keyof S["indexes"]> = S["indexes"][I] extends {
  readonly pk: { readonly composite: readonly (infer P extends string)[] };
  readonly sk: { readonly composite: readonly (infer Q extends string)[] };
}
  ? {
      readonly parts: Simplify<
        { readonly [N in Exclude<P, Defaulted<S>> as GivenName<N>]: GivenPart<S, N> } & {
          readonly [N in Extract<P, Defaulted<S>> | Exclude<Q, P | "createdAt"> as GivenName<N>]?:
            | GivenPart<S, N>
            | undefined;
        }
      >;
      readonly partition: P;
      readonly timed: "createdAt" extends Q ? true : false;
    }
  : never;

/** The parts that have a default. */
export type Defaulted<S extends DeclaredSchema> = {
  [A in keyof S["attributes"]]: S["attributes"][A] extends { default: unknown } ? A : never;
}[keyof S["attributes"]];

type GivenName<Part extends string> = Part extends `data.${infer Field}` ? Field : Part;

type GivenPart<S extends DeclaredSchema, Part extends string> = Part extends `data.${infer Field}`
  ? Field extends keyof PayloadIn<S>
    ? Extract<PayloadIn<S>[Field], string>
    : string
  : PartType<S, Part>;

/** What is wrong with the fields that index keys are made of, as a text; `never` if nothing is. */
export type FieldProblem<S extends DeclaredSchema> =
  | KeyProblem<Extract<PartitionPart<S> | SortPart<S>, `data.${string}`>>
  | DeclaredProblem<DeclaredField<S>, PayloadIn<S>>;

/** The fields that `...fields(…)` declares. */
type DeclaredField<S extends DeclaredSchema> = keyof {
  [A in keyof S["attributes"] as A extends `data.${infer F}` ? F : never]: A;
} &
  string;

type KeyProblem<Part extends string> = Part extends string
  ? `\${${Part}} is in byKey: an item's own key never changes, and its payload does`
  : never;

type DeclaredProblem<F extends string, Data> = F extends string
  ? F extends keyof Data
    ? [Data[F]] extends [string | null | undefined]
      ? never
      : `fields: ${F} is a field of the payload that is no string`
    : `fields: ${F} is no field of the payload`
  : never;

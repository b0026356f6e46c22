/** The names of a declaration's secret fields, as far as its type says them. */
import type { WithSecrets } from "../src/table/declared.js";

/** Stands in the type of a schema for its mark; no value has it. */
declare const isSecret: unique symbol;

/** A schema that `secret` has marked. */
export interface SecretMark {
  readonly [isSecret]: true;
}

/** What names the secret fields of a declaration: marks in its schema, or a list. */
type WithPayload = {
  readonly payload: unknown;
  readonly secrets?: readonly string[] | undefined;
};

/**
 * The names of a declaration's secret fields; `string` if it has a list of which the type says no names.
 * Marks are seen through six levels of a field's schema.
 */
export type SecretIn<D extends WithPayload> =
  D["payload"] extends WithSecrets<infer Names> ? Names : Listed<D> | MarkedIn<Built<D["payload"]>>;

type Listed<D extends WithPayload> = [NonNullable<D["secrets"]>] extends [never]
  ? never
  : "secrets" extends keyof D
    ? NonNullable<D["secrets"]>[number]
    : never;

type Built<P> = P extends () => infer Schema ? Schema : P;

/** What stands around an object, or beside another one; and what a schema is made of. */
type Around = "innerType" | "in" | "out" | "left" | "right" | "options" | "getter";
type Inside = Around | "element" | "valueType" | "keyType" | "rest" | "items" | "shape";

type MostLevels = 6;

type DefinitionOf<S> = S extends { readonly _zod: { readonly def: infer Def } } ? Def : never;

/** The marked fields of an object's schema, and of one that is made of objects. */
type MarkedIn<S, Levels extends unknown[] = []> = Levels["length"] extends MostLevels
  ? never
  : DefinitionOf<S> extends infer Def
    ? Def extends { readonly shape: infer Shape }
      ? {
          [K in keyof Shape & string]: true extends IsMarked<Shape[K]> ? K : never;
        }[keyof Shape & string]
      : MarkedIn<ChildOf<Def, Around>, [...Levels, unknown]>
    : never;

type IsMarked<S, Levels extends unknown[] = []> = 0 extends 1 & S
  ? false
  : Levels["length"] extends MostLevels
    ? false
    : S extends SecretMark
      ? true
      : IsMarked<ChildOf<DefinitionOf<S>, Inside>, [...Levels, unknown]>;

type ChildOf<Def, Name extends string> = Def extends unknown
  ? SchemasIn<Def[Extract<keyof Def, Name>]>
  : never;

/** The schemas in a member of a definition: one, a list, an object of them, or what makes one. */
type SchemasIn<M> = M extends { readonly _zod: unknown }
  ? M
  : M extends () => infer Made
    ? Made
    : M extends readonly unknown[]
      ? M[number]
      : M extends object
        ? M[keyof M]
        : never;

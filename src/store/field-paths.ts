/** The types of `fields`: the paths that a call may name, and what it gets of a payload. */
import type { ExactNumber } from "../values/exact-number.js";

/** Shows a derived type as the object that it resolves to. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** A field of a payload, or a path to one: the names of the maps that it is in, and its own. */
export type FieldPath = string | readonly string[];

/** What is read as a whole: lists, sets, bytes and numbers, and what no payload has. */
type Undivided =
  | readonly unknown[]
  | ReadonlySet<unknown>
  | ReadonlyMap<unknown, unknown>
  | ArrayBufferView
  | Date
  | ExactNumber
  | ((...given: never) => unknown);

/** The maps among the values of a type. */
type MapIn<T> = unknown extends T
  ? { readonly [name: string]: unknown }
  : T extends Undivided
    ? never
    : Extract<T, object>;

/** Levels of maps that types look into. DynamoDB has at most 32. */
type MostLevels = 6;

/** The paths into a payload. */
export type PathIn<T, Levels extends unknown[] = []> = Levels["length"] extends MostLevels
  ? readonly string[]
  : T extends unknown
    ? {
        [K in keyof T & string]-?:
          | readonly [K]
          | ([MapIn<T[K]>] extends [never]
              ? never
              : readonly [K, ...PathIn<MapIn<T[K]>, [...Levels, unknown]>]);
      }[keyof T & string]
    : never;

/** The names that paths begin with. */
type Head<F> = F extends readonly [infer H extends string, ...unknown[]] ? H : Extract<F, string>;

/** What follows a name in paths. */
type Tail<F, K> = F extends readonly [K, ...infer R extends readonly [string, ...string[]]]
  ? R
  : never;

/** The names that are wanted as a whole. */
type Whole<F> = F extends readonly [infer H] ? H : Extract<F, string>;

/** The names of which only parts are wanted. */
type Partly<F> = Exclude<Head<F>, Whole<F>>;

/** Whether a map is always there, and something of these paths in it: DynamoDB returns no empty ones. */
type IsSure<T, R> = [Exclude<T, MapIn<T>>] extends [never]
  ? object extends PartOf<MapIn<T>, R>
    ? false
    : true
  : false;

/** The names that a type declares. */
type Declared<T> = keyof { [K in keyof T as string extends K ? never : K]: unknown };

/** A payload's fields at these paths, and nothing else of it. */
export type PartOf<T, F> = T extends unknown
  ? Simplify<
      { [K in keyof T as K extends Whole<F> ? K : never]: T[K] } & {
        [K in keyof T as K extends Partly<F>
          ? IsSure<T[K], Tail<F, K>> extends true
            ? K
            : never
          : never]: PartOf<MapIn<T[K]>, Tail<F, K>>;
      } & {
        [K in keyof T as K extends Partly<F>
          ? IsSure<T[K], Tail<F, K>> extends true
            ? never
            : K
          : never]?: PartOf<MapIn<T[K]>, Tail<F, K>>;
      } & {
        // Of a map with any names.
        [K in Exclude<string extends keyof T ? Head<F> : never, Declared<T>>]?: K extends Whole<F>
          ? T[K & keyof T]
          : PartOf<MapIn<T[K & keyof T]>, Tail<F, K>>;
      }
    >
  : never;

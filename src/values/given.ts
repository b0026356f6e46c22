/** The types of input values, which are wider than the types that reads return. */

/**
 * An input value: lists and objects may be readonly, and a value typed by an interface is accepted
 * wherever any map is.
 */
export type Given<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Member)[]
    ? readonly Given<Member>[]
    : T extends ReadonlySet<infer Member>
      ? ReadonlySet<Member>
      : T extends object
        ? string extends keyof T
          ? GivenMap<T[string & keyof T]>
          : { readonly [K in keyof T]: Given<T[K]> }
        : T;

type GivenMap<Member> = { readonly [name: string]: Given<Member> } | MapOf<Member>;

/** An index signature alone would refuse values typed by an interface. */
type MapOf<Member> = unknown extends Member ? PlainObject : never;

/**
 * An object with any fields, but no list, set, function or date, and no instance of most other classes.
 */
export type PlainObject = object & {
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.asyncIterator]?: never;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.toStringTag]?: never;
};

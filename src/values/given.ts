/** The types of values on their way in: what is read again is not all that may be given. */

/**
 * A value on its way in: lists and objects may be readonly, and where any map is taken, the value of
 * an interface is one.
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

/** An index signature alone would refuse the values of interfaces. */
type MapOf<Member> = unknown extends Member ? PlainObject : never;

/** An object of any fields. No lists, sets, functions, dates and most other instances, which are no maps. */
export type PlainObject = object & {
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.asyncIterator]?: never;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.toStringTag]?: never;
};

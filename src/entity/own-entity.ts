/** The ElectroDB entity of a declaration, which must be made of the declaration's own schema. */
import { isDeepStrictEqual } from "node:util";
import { ConfigurationError } from "../errors/configuration-error.js";
import type { DeclaredSchema } from "../table/declared.js";
import type { AnyEntity, Declaration } from "./model.js";

/**
 * The ElectroDB entity that a declaration made.
 * @throws ConfigurationError if it was made of another schema than the declaration's: its chains would read
 * and write other keys, or other attributes, than the stores do
 */
export function ownEntity<E extends AnyEntity>(declaration: Declaration, made: E): E {
  const schema = declaration.schema();
  const difference = differenceOf(schema, made.schema as DeclaredSchema);
  if (difference === undefined) return made;
  const { entity } = schema.model;
  throw new ConfigurationError(`the entity of ${entity} is made of another schema, ${difference}`);
}

/** What is not as the declaration has it, for a message. */
function differenceOf(declared: DeclaredSchema, made: DeclaredSchema): string | undefined {
  if (!isDeepStrictEqual(declared.model, made.model)) {
    return declared.model.entity === made.model.entity
      ? "with another version or service in its model"
      : `of ${made.model.entity}`;
  }
  const index = nameOfOther(declared.indexes, made.indexes, isSameIndex);
  if (index !== undefined) return `with another index ${index}`;
  const attribute = nameOfOther(declared.attributes, made.attributes, isSameAttribute);
  return attribute === undefined ? undefined : `with another attribute ${attribute}`;
}

/** The name of the first member that one has and the other has not, or has otherwise. */
function nameOfOther<T>(
  declared: Readonly<Record<string, T>>,
  made: Readonly<Record<string, T>>,
  isSame: (one: T, other: T) => boolean,
): string | undefined {
  const names = new Set([...Object.keys(declared), ...Object.keys(made)]);
  return [...names].find((name) => {
    const [one, other] = [declared[name], made[name]];
    return one === undefined || other === undefined || !isSame(one, other);
  });
}

type Members = Readonly<Record<string, unknown>>;

/** ElectroDB writes into the keys that it is given: `facets` is its own. */
function isSameIndex(declared: object, made: object): boolean {
  const { pk, sk, ...rest } = made as Members;
  const given = declared as Members;
  const own = (key: unknown) => ({ ...(key as Members), facets: undefined });
  return isDeepStrictEqual(
    { ...rest, pk: own(pk), sk: own(sk) },
    { ...given, pk: own(given.pk), sk: own(given.sk) },
  );
}

/** A payload's schema may be made anew by each call of `schema`, and ElectroDB does not look at it. */
function isSameAttribute(declared: object, made: object): boolean {
  return isDeepStrictEqual({ ...declared, payload: undefined }, { ...made, payload: undefined });
}

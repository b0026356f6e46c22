/** What is derived from the declarations of a data layer's entities. */
import type { CustomAttributeTypeName } from "electrodb";
import type { EntityConfig } from "../entities/definition.js";
import { secretsOf } from "../src/entity/declared-payload.js";
import { type AnyEntity, type Declaration, declaredKeys } from "../src/entity/model.js";
import { ownEntity } from "../src/entity/own-entity.js";
import { ConfigurationError } from "../src/errors/configuration-error.js";
import { serviceWithOwnErrors } from "../src/native/native-service.js";
import { Entity, Service } from "../src/runtime/lazy.js";
import type { GuardedEntity } from "../src/secrets/field-guard.js";
import { type IndexName, indexNames } from "../src/table/table.js";

/** A declared entity, of whatever types. */
export interface AnyDefinition extends Declaration {
  entity(config: EntityConfig): AnyEntity;
}

/** Declared entities under the names of their stores. */
export type Definitions = Readonly<Record<string, AnyDefinition>>;

/** The same as a constraint, which interfaces and modules satisfy too. */
export type DefinitionsOf<R> = { readonly [F in keyof R]: AnyDefinition };

/**
 * The same type, which is not inferred from where a result goes. `NoInfer` does that too, and stays in
 * what editors show.
 */
export type Uninferred<T> = [T][T extends unknown ? 0 : never];

/** No entities besides the twelve. */
export type NoEntities = Record<never, never>;

/** The schema of a declared entity. */
export type SchemaOf<D extends { schema(): unknown }> = ReturnType<D["schema"]>;

/** ElectroDB's entities of declared ones. */
export type EntitiesOf<R> = {
  [F in keyof R]: R[F] extends { entity(config: EntityConfig): infer E extends AnyEntity }
    ? E
    : never;
};

/** The names of the stores whose entities are in a collection. */
export type NamesIn<R extends DefinitionsOf<R>, C extends string> = {
  [F in keyof R & string]: C extends CollectionOf<SchemaOf<R[F]>> ? F : never;
}[keyof R & string];

/** The collections that a schema names, of the table and of its indexes. */
type CollectionOf<S extends { readonly indexes: object }> = {
  [I in keyof S["indexes"]]: S["indexes"][I] extends { readonly collection: infer C } ? C : never;
}[keyof S["indexes"]];

/** The collections that are named in any of the schemas. */
export type CollectionsIn<R extends DefinitionsOf<R>, F extends keyof R = keyof R> = {
  [N in F]: CollectionOf<SchemaOf<R[N]>>;
}[F] &
  string;

/** The type of the payload in a schema. */
export type PayloadIn<S> = S extends {
  readonly attributes: {
    readonly data: { readonly type: CustomAttributeTypeName<infer Data extends object> };
  };
}
  ? Data
  : never;

/** Makes the ElectroDB entities. ElectroDB's Service changes what it is given, so each call makes its own. */
export function createEntities<D extends Definitions>(
  definitions: D,
  config: EntityConfig,
): EntitiesOf<D> {
  const entries = Object.entries(definitions).map(([name, definition]) => [
    name,
    ownEntity(definition, definition.entity(config)),
  ]);
  return Object.fromEntries(entries) as EntitiesOf<D>;
}

/**
 * Groups entities into an ElectroDB Service with their collections.
 * @throws ConfigurationError for an entity of another copy of ElectroDB, which no Service takes
 */
export function createService<E extends Record<string, AnyEntity>>(
  entities: E,
  config: EntityConfig,
): Service<E> {
  const foreign = Object.keys(entities).filter((name) => !(entities[name] instanceof Entity));
  if (foreign.length > 0) {
    throw new ConfigurationError(
      `service: ${foreign.join(", ")} ${foreign.length === 1 ? "is" : "are"} not of this copy of ElectroDB: ` +
        "take Entity from bayon-coagent-data, and let a bundle contain bayon-coagent-data, " +
        "bayon-coagent-data/testing and electrodb all together, or none of them",
    );
  }
  return serviceWithOwnErrors(new Service(entities, config));
}

/**
 * What is derived from the entities of a data layer, once for them: a scope is created for each request
 * of an application.
 */
export function onceFor<T>(make: (definitions: Definitions) => T): (definitions: Definitions) => T {
  const made = new WeakMap<Definitions, { readonly value: T }>();
  return (definitions) => {
    let known = made.get(definitions);
    if (known === undefined) {
      known = { value: make(definitions) };
      made.set(definitions, known);
    }
    return known.value;
  };
}

/** The indexes that any of the entities is in, in the order of their numbers. */
export const indexesIn = onceFor((definitions): readonly IndexName[] => {
  const keys = Object.values(definitions).map((definition) => declaredKeys(definition));
  const used = new Set(keys.flatMap(({ indexes }) => indexes.map(({ index }) => index)));
  return indexNames.filter((name) => used.has(name));
});

/** The entities of each owner that was asked for, by the names of the owner's parts. */
const ownersOf = onceFor(() => new Map<string, Definitions>());

/**
 * The entities whose partitions are made of an owner's parts alone. One whose sort key has such a part
 * is not the owner's: the rest of its partition would be in the scope with it.
 */
export function ownedBy(definitions: Definitions, owner: readonly string[]): Definitions {
  const known = ownersOf(definitions);
  const id = JSON.stringify(owner);
  let own = known.get(id);
  if (own === undefined) {
    own = Object.fromEntries(
      Object.entries(definitions).filter(([, definition]) => {
        const { pk, sk } = declaredKeys(definition);
        return (
          pk.parts.length > 0 &&
          pk.parts.every((part) => owner.includes(part)) &&
          !sk.parts.some((part) => owner.includes(part) && !pk.parts.includes(part))
        );
      }),
    );
    known.set(id, own);
  }
  return own;
}

/**
 * Each entity as a guard of its secrets needs it. Its declaration is read when something of it is
 * requested: a process that starts uses one or two of the entities.
 */
export function guardedEntities(definitions: Definitions): GuardedEntity[] {
  return Object.values(definitions).map((definition) => ({
    get name() {
      return declaredKeys(definition).name;
    },
    get pk() {
      return declaredKeys(definition).pk;
    },
    get sk() {
      return declaredKeys(definition).sk;
    },
    versioned: (definition.version ?? 1) > 1,
    get fields() {
      return secretsOf(definition);
    },
  }));
}

/** The entities that have secret fields. */
export function secretEntities(definitions: Definitions): GuardedEntity[] {
  return guardedEntities(definitions).filter(({ fields }) => fields.length > 0);
}

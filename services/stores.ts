/** A store per entity under its facade name, each made when it is first used. */
import { EntityStore, type StoreContext } from "../src/entity-store.js";
import type { SpecOf } from "../src/store-types.js";
import { definitions, type Entities, type FacadeName } from "./entities.js";

/** What the types of each store are made of. */
export type Specs = { [F in FacadeName]: SpecOf<Entities[F]> };

/** The stores under their facade names. */
export type Stores = { readonly [F in FacadeName]: EntityStore<Specs[F], Entities[F]> };

/**
 * Makes the stores of one data layer. A first ElectroDB entity costs milliseconds, so they are lazy.
 * @param owner fixes every partition to this user's or agent's
 * @param unscoped then share their ElectroDB entities with these
 */
export function createStores(context: StoreContext, owner?: string, unscoped?: Stores): Stores {
  const made = new Map<FacadeName, unknown>();
  const stores = {};
  for (const name of Object.keys(definitions) as FacadeName[]) {
    const storeOf = () => {
      const { entity, payload } = definitions[name];
      const config = { table: context.tableName, client: context.transport.client };
      return new EntityStore(unscoped?.[name].entity ?? entity(config), payload, context, owner);
    };
    Object.defineProperty(stores, name, {
      enumerable: true,
      get: () => {
        if (!made.has(name)) made.set(name, storeOf());
        return made.get(name);
      },
    });
  }
  return stores as Stores;
}

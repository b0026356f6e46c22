/** The collections as the facade gives them: all pages, items under the names of their stores. */
import type { PartitionPart } from "../entities/definition.js";
import { type CallOptions, limitsOf, perform, reading } from "../src/call/call.js";
import { optionNames } from "../src/call/options.js";
import { Placeholders } from "../src/conditions/placeholders.js";
import { InputReader } from "../src/entity/input.js";
import type { AnyItem } from "../src/entity/item.js";
import { isOf, itemOf } from "../src/entity/item.js";
import { declaredKeys, type EntityModel, keyContext } from "../src/entity/model.js";
import { invalidAt } from "../src/errors/validation-error.js";
import { keyCondition } from "../src/read/key-condition.js";
import { allItems } from "../src/read/paging.js";
import { internalsOf, type StoreContext } from "../src/store/entity-store.js";
import type { Simplify } from "../src/store/field-paths.js";
import { attribute, type RawItem } from "../src/table/table.js";
import { chunksOf } from "../src/transport/parallel.js";
import type { InCollection } from "./entities.js";
import { listed, newestFirst } from "./order.js";
import {
  type AnyDefinition,
  type CollectionsIn,
  type Definitions,
  type DefinitionsOf,
  type NamesIn,
  onceFor,
  type SchemaOf,
} from "./registry.js";
import type { AnyStores, ItemOf, OwnItem, Specs } from "./stores.js";

/** The most operands that DynamoDB takes in `IN`. */
const mostOperands = 100;

export type WorkspaceName = InCollection<"workspace">;
export type RecentName = InCollection<"recent">;

/** Everything under one user, as arrays under the facade names. */
export type Workspace = { [F in WorkspaceName]: ItemOf<F>[] };

export type FieldsOfRecent = { [F in RecentName]: keyof Specs[F]["data"] & string }[RecentName];

/** An item of `recent`, with the facade name of its entity. */
export type RecentItem = {
  [F in RecentName]: Simplify<ItemOf<F> & { entity: F }>;
}[RecentName];

export interface RecentOptions<Field extends string = FieldsOfRecent> extends CallOptions {
  readonly userId: string;
  /** Maximum number of items to return; an integer from 1. */
  readonly limit: number;
  /** Only these fields of the payloads are read and sent. @default all */
  readonly fields?: readonly Field[] | undefined;
}

const recentOptionNames = optionNames<RecentOptions>({
  userId: true,
  limit: true,
  fields: true,
  signal: true,
  timeoutMs: true,
});

export interface Collections {
  /** Everything under `USER#<userId>`, all pages: one request per MB, items of earlier writers too. */
  workspace(key: { readonly userId: string }, options?: CallOptions): Promise<Workspace>;
  /**
   * The newest reports, projects, contents and plans, newest first. Four queries in one wave, each
   * of at most `limit` items; adopted items only.
   */
  recent(options: RecentOptions): Promise<RecentItem[]>;
}

/** The collections of the twelve entities, with an application's own in them. */
export interface CollectionsWith<R extends DefinitionsOf<R>> {
  /** Everything under `USER#<userId>`, all pages: one request per MB, items of earlier writers too. */
  workspace(
    key: { readonly userId: string },
    options?: CallOptions,
  ): Promise<Workspace & CollectionItems<R, "workspace">>;
  /**
   * The newest items of the entities in the collection, newest first. A query for each of them in one
   * wave, each of at most `limit` items; adopted items only.
   */
  recent(
    options: RecentOptions<FieldsOfRecent | OwnRecentFields<R>>,
  ): Promise<(RecentItem | OwnRecentItem<R>)[]>;
}

/** An item of an application's own entity in `recent`, with the name of its store. */
export type OwnRecentItem<R extends DefinitionsOf<R>> = {
  [F in NamesIn<R, "recent">]: Simplify<OwnItem<R[F]> & { entity: F }>;
}[NamesIn<R, "recent">];

/** The payload fields of an application's own entities in `recent`. */
export type OwnRecentFields<R extends DefinitionsOf<R>> = {
  [F in NamesIn<R, "recent">]: keyof OwnItem<R[F]>["data"] & string;
}[NamesIn<R, "recent">];

/** The newest items of an application's own entities, if any is in `recent`. */
export type OwnRecent<R extends DefinitionsOf<R>> =
  "recent" extends CollectionsIn<R>
    ? {
        /**
         * The newest items of the entities in the collection, newest first. A query for each of them in
         * one wave, each of at most `limit` items.
         */
        recent(options: RecentOptions<OwnRecentFields<R>>): Promise<OwnRecentItem<R>[]>;
      }
    : unknown;

/** The items of a collection by the names of their stores, of an application's own entities. */
export type CollectionItems<R extends DefinitionsOf<R>, C extends string> = {
  [F in NamesIn<R, C>]: OwnItem<R[F]>[];
};

/** The collections of an application's own entities, by name. */
export type OwnCollections<R extends DefinitionsOf<R>> = {
  /** Everything in a partition, all pages: one request per MB. */
  readonly [C in Exclude<CollectionsIn<R>, "recent">]: (
    key: { readonly [P in PartitionPart<SchemaOf<R[NamesIn<R, C>]>>]: string },
    options?: CallOptions,
  ) => Promise<CollectionItems<R, C>>;
};

interface DatedStore {
  list(partition: object, options: object): AsyncIterable<AnyItem>;
}

/** The collections by name, of whatever entities. */
export type AnyCollections = Readonly<Record<string, (...given: never[]) => Promise<unknown>>>;

/** Creates the collections that the entities are in, of the table and of GSI1. */
export function createCollections(
  definitions: Definitions,
  context: StoreContext,
  stores: AnyStores,
): AnyCollections {
  const modelOf = (name: string) => internalsOf(stores[name] as object).model;
  const collections: Record<string, AnyCollections[string]> = {};
  for (const [name, members] of collectionsOf(definitions)) {
    collections[name] = async (key: unknown, options?: CallOptions) => {
      const models = members.map((member) => [member, modelOf(member)] as const);
      return partitionItems(context, `collections.${name}`, models, key, options);
    };
  }
  const dated = recentOf(definitions);
  if (dated.length > 0) collections.recent = (given) => recent(context, stores, dated, given);
  return collections;
}

/** The collections of the table's own key, with the names of the stores in them. */
const collectionsOf = onceFor((definitions) => {
  const all = new Map<string, string[]>();
  for (const [name, definition] of Object.entries(definitions)) {
    for (const one of declaredKeys(definition).collections) {
      all.set(one, [...(all.get(one) ?? []), name]);
    }
  }
  return all;
});

/** The names of the stores whose newest items are read together. */
const recentOf = onceFor((definitions) =>
  Object.keys(definitions).filter((name) => {
    const { indexCollections } = declaredKeys(definitions[name] as AnyDefinition);
    return indexCollections.includes("recent");
  }),
);

type Models = readonly (readonly [name: string, model: EntityModel])[];

/** Everything in a partition that is of the given entities, which have it in common. */
async function partitionItems(
  context: StoreContext,
  operation: string,
  models: Models,
  key: unknown,
  options: CallOptions = {},
): Promise<Record<string, AnyItem[]>> {
  const model = models[0]?.[1] as EntityModel;
  const call = reading({ operation }, () => {
    const { entity: _, ...named } = keyContext(model, operation, key, model.pk.parts);
    return named;
  });
  const parts = reading(call, () => new InputReader(model, context).partition(key, call));
  return perform(call, options, async (running) => {
    const own = new Placeholders();
    const condition = keyCondition(own, model.pk.build(parts), { prefix: "" });
    const type = own.name(attribute.entityType);
    const names = models.map(([, { name }]) => own.value(name));
    const input = {
      TableName: context.tableName,
      KeyConditionExpression: condition,
      FilterExpression: chunksOf(names, mostOperands)
        .map((some) => `${type} IN (${some.join(", ")})`)
        .join(" OR "),
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
    };
    return grouped(models, await allItems(context.transport, input, running));
  });
}

async function recent(
  context: StoreContext,
  stores: AnyStores,
  names: readonly string[],
  given: RecentOptions,
): Promise<unknown[]> {
  const operation = "collections.recent";
  const [first] = names;
  const call = reading({ operation }, () => ({
    operation,
    key: { userId: given?.userId },
  }));
  const limits = limitsOf(call, given, recentOptionNames);
  const { userId, limit, fields } = reading(call, () => {
    const { model } = internalsOf(stores[first as string] as object);
    const key = { userId: given?.userId };
    return {
      userId: new InputReader(model, context).partition(key, call).userId ?? "",
      limit: given.limit,
      fields: given.fields,
    };
  });
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw invalidAt(call, "limit", "must be an integer from 1");
  }
  return perform(call, limits, ({ signal }) =>
    newestOfAll(stores, names, userId, { limit, fields, signal }),
  );
}

/** The user's newest items of all recent entities, newest first. */
async function newestOfAll(
  stores: AnyStores,
  names: readonly string[],
  userId: string,
  options: {
    readonly limit: number;
    readonly fields: unknown;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<unknown[]> {
  const newest = await Promise.all(
    names.map(async (entity) => {
      // Each entity has some of the fields; the payload types cannot say which.
      const store = stores[entity] as DatedStore;
      const items = await listed(
        store.list({ userId }, { by: "createdAt", order: "desc", ...options }),
      );
      return items.map((item) => ({ ...item, entity }));
    }),
  );
  const merged = newestFirst(newest.flat(), (item) => [item.createdAt, idOf(stores, item)]);
  return merged.slice(0, options.limit);
}

/** The id of an item of one entity, whatever its name is in that entity. */
function idOf(stores: AnyStores, item: AnyItem & { readonly entity: string }): string {
  const { model } = internalsOf(stores[item.entity] as object);
  return String(item[model.sk.parts.at(-1) ?? ""]);
}

function grouped(models: Models, items: readonly RawItem[]): Record<string, AnyItem[]> {
  const groups: Record<string, AnyItem[]> = Object.fromEntries(models.map(([name]) => [name, []]));
  for (const raw of items) {
    const owner = models.find(([, model]) => isOf(model, raw));
    if (owner !== undefined) groups[owner[0]]?.push(itemOf(owner[1], raw));
  }
  return groups;
}

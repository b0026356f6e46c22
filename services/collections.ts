/** The collections of the Service as the facade gives them: all pages, items under their facade names. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { type CallOptions, limitsOf, perform, reading } from "../src/call/call.js";
import { optionNames } from "../src/call/options.js";
import { InputReader } from "../src/entity/input.js";
import type { AnyItem } from "../src/entity/item.js";
import { isOf, itemOf } from "../src/entity/item.js";
import type { EntityModel } from "../src/entity/model.js";
import { invalid } from "../src/errors/validation-error.js";
import { allItems } from "../src/read/paging.js";
import { internalsOf, type StoreContext } from "../src/store/entity-store.js";
import type { Simplify } from "../src/store/store-types.js";
import { type InCollection, inCollection } from "./entities.js";
import { listed, newestFirst } from "./order.js";
import type { ItemOf, Specs, Stores } from "./stores.js";

/** The entities whose items lie under `USER#<userId>`. */
export const workspaceEntities = inCollection("workspace");

/** The entities that GSI1 holds in order of creation, and that recent activity shows. */
export const recentEntities = inCollection("recent");

export type WorkspaceName = InCollection<"workspace">;
export type RecentName = InCollection<"recent">;

/** Everything under one user, as arrays under the facade names. */
export type Workspace = { [F in WorkspaceName]: ItemOf<F>[] };

type FieldsOfRecent = { [F in RecentName]: keyof Specs[F]["data"] & string }[RecentName];

/** An item of `recent`, with the facade name of its entity. */
export type RecentItem = {
  [F in RecentName]: Simplify<ItemOf<F> & { entity: F }>;
}[RecentName];

export interface RecentOptions extends CallOptions {
  readonly userId: string;
  /** Maximum number of items to return; an integer from 1. */
  readonly limit: number;
  /** Only these fields of the payloads are read and sent. @default all */
  readonly fields?: readonly FieldsOfRecent[] | undefined;
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

/** The part of the ElectroDB Service that is used: its chains are too large a type to spell out. */
interface WorkspaceService {
  readonly collections: {
    workspace(key: object): { params(): QueryCommandInput };
  };
}

interface DatedStore {
  list(partition: object, options: object): AsyncIterable<AnyItem>;
}

export function createCollections(
  context: StoreContext,
  stores: Stores,
  service: () => WorkspaceService,
): Collections {
  /** The user whose items are requested, checked under the collection's own name. */
  function userOf(operation: string, given: { readonly userId: string } | undefined) {
    return reading({ operation }, () => {
      const call = { operation, key: { userId: given?.userId } };
      const reader = new InputReader(internalsOf(stores.userProfile).model, context);
      return { call, read: (key: unknown) => reader.partition(key, call) };
    });
  }

  return {
    workspace: async (key, options = {}) => {
      const { call, read } = userOf("collections.workspace", key);
      const parts = reading(call, () => read(key));
      return perform(call, options, async (running) => {
        const input = service().collections.workspace(parts).params();
        const models = workspaceEntities.map(
          (name) => [name, internalsOf(stores[name]).model] as const,
        );
        return grouped(models, await allItems(context.transport, input, running));
      });
    },
    recent: async (given) => {
      const { call, read } = userOf("collections.recent", given);
      const limits = limitsOf(call, given, recentOptionNames);
      const { userId, limit, fields } = reading(call, () => ({
        userId: read({ userId: given?.userId }).userId ?? "",
        limit: given.limit,
        fields: given.fields,
      }));
      if (!(Number.isInteger(limit) && limit >= 1)) {
        throw invalid(call, [{ path: "limit", message: "must be an integer from 1" }]);
      }
      return perform(call, limits, ({ signal }) =>
        newestOfAll(stores, userId, { limit, fields, signal }),
      );
    },
  };
}

/** The user's newest items of all recent entities, newest first. */
async function newestOfAll(
  stores: Stores,
  userId: string,
  options: {
    readonly limit: number;
    readonly fields: unknown;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RecentItem[]> {
  const newest = await Promise.all(
    recentEntities.map(async (entity) => {
      // Each entity has some of the fields; the payload types cannot say which.
      const store = stores[entity] as unknown as DatedStore;
      const items = await listed(
        store.list({ userId }, { by: "createdAt", order: "desc", ...options }),
      );
      return items.map((item) => ({ ...item, entity }));
    }),
  );
  const merged = newestFirst(newest.flat(), (item) => [item.createdAt, idOf(stores, item)]);
  return merged.slice(0, options.limit) as unknown as RecentItem[];
}

/** The id of an item of one entity, whatever its name is in that entity. */
function idOf(stores: Stores, item: AnyItem & { readonly entity: RecentName }): string {
  return String(item[internalsOf(stores[item.entity]).model.sk.parts[0] ?? ""]);
}

function grouped(
  models: readonly (readonly [WorkspaceName, EntityModel])[],
  items: Parameters<typeof isOf>[1][],
): Workspace {
  const groups: Record<string, AnyItem[]> = Object.fromEntries(models.map(([name]) => [name, []]));
  for (const raw of items) {
    const owner = models.find(([, model]) => isOf(model, raw));
    if (owner !== undefined) groups[owner[0]]?.push(itemOf(owner[1], raw));
  }
  // Each group holds the items of its own entity only.
  return groups as unknown as Workspace;
}

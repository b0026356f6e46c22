/** Projects and the content in them. */

import { chunksOf } from "../src/batch.js";
import { type CallOptions, perform } from "../src/call.js";
import { keyContext } from "../src/entity-model.js";
import type { StoreContext } from "../src/entity-store.js";
import { TransactionCanceledError } from "../src/errors.js";
import type { ItemOf, Simplify } from "../src/store-types.js";
import { limits } from "../src/table.js";
import { readRange } from "./range.js";
import type { Specs, Stores } from "./stores.js";
import type { Transaction } from "./transaction.js";

type ProjectItem = ItemOf<Specs["project"]>;
type ContentItem = ItemOf<Specs["savedContent"]>;

export type ProjectWithContent = Simplify<ProjectItem & { contents: ContentItem[] }>;

export interface ProjectsWithContent {
  /** Newest first, each with its content, newest first. */
  readonly projects: ProjectWithContent[];
  /** Content of no project, and content whose project is gone; newest first. */
  readonly uncategorised: ContentItem[];
}

export interface Projects {
  /** All projects and all content of a user, grouped: one request per MB. */
  listWithContent(
    key: { readonly userId: string },
    options?: CallOptions,
  ): Promise<ProjectsWithContent>;
  /**
   * Deletes a project and takes its N contents out of it: one query (per MB of content) and
   * ⌈(N+1)/100⌉ transactions, of which the last deletes the project. Ended in the middle, it is
   * called again and goes on; until then what was taken out is uncategorised.
   * @returns how many contents were taken out
   * @throws DynamoDBError where the engine has no transactions
   */
  deleteAndUnfile(
    key: { readonly userId: string; readonly projectId: string },
    options?: CallOptions,
  ): Promise<{ unfiled: number }>;
}

export function createProjects(
  context: StoreContext,
  stores: Stores,
  transaction: Transaction,
): Projects {
  return {
    listWithContent: async (key, options = {}) => {
      const call = keyContext(stores.project.model, "projects.listWithContent", key, ["userId"]);
      const parts = stores.project.writes.input.partition(key, call);
      const names = ["project", "savedContent"] as const;
      const found = await perform(call, options, (running) =>
        readRange(context, stores, names, parts, running),
      );
      return grouped(found.project, found.savedContent);
    },
    deleteAndUnfile: async (key, options = {}) => {
      const call = keyContext(stores.project.model, "projects.deleteAndUnfile", key);
      const { userId = "", projectId = "" } = stores.project.writes.input.key(key, call);
      const where = { projectId };
      return perform(call, options, async ({ signal }) => {
        const limit = signal === undefined ? {} : { signal };
        const { items } = await stores.savedContent.query(
          { userId },
          { ...limit, where, fields: ["projectId"] },
        );
        const contents = items.map(({ contentId }) => ({ userId, contentId }));
        let unfiled = 0;
        // The project goes last: as long as it is there, the work is not done.
        const size = limits.transactionOperations;
        const groups = chunksOf<{ userId: string; contentId: string } | null>(
          [...contents, null],
          size,
        );
        for (const group of groups) {
          let rest = group;
          while (rest.length > 0) {
            try {
              const batch = rest;
              await transaction.write(
                (tx) =>
                  batch.map((content) =>
                    content === null
                      ? tx.project.delete({ userId, projectId })
                      : tx.savedContent.update(content, { projectId: null }, { where }),
                  ),
                limit,
              );
              unfiled += batch.filter((content) => content !== null).length;
              rest = [];
            } catch (error) {
              rest = withoutMoved(rest, error);
            }
          }
        }
        return { unfiled };
      });
    },
  };
}

/** Content that was moved or deleted meanwhile is no longer this project's; anything else is thrown. */
function withoutMoved<T>(operations: readonly T[], error: unknown): T[] {
  const reasons = error instanceof TransactionCanceledError ? error.reasons : [];
  const moved = new Set(
    reasons
      .filter((reason) => reason.code === "ConditionalCheckFailed")
      .map((reason) => reason.index),
  );
  if (moved.size === 0 || moved.size !== reasons.length) throw error;
  return operations.filter((_, index) => !moved.has(index));
}

function grouped(
  projects: readonly ProjectItem[],
  contents: readonly ContentItem[],
): ProjectsWithContent {
  const byProject = new Map(projects.map((project) => [project.projectId, [] as ContentItem[]]));
  const uncategorised: ContentItem[] = [];
  for (const content of newest(contents)) {
    (byProject.get(content.data.projectId ?? "") ?? uncategorised).push(content);
  }
  return {
    projects: newest(projects).map((project) => ({
      ...project,
      contents: byProject.get(project.projectId) ?? [],
    })),
    uncategorised,
  };
}

function newest<T extends { createdAt: number }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => b.createdAt - a.createdAt);
}

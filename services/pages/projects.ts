/** Projects and the content in them. */
import type { Project } from "../../entities/project.js";
import type { SavedContent } from "../../entities/saved-content.js";
import { type Call, type CallOptions, perform, reading } from "../../src/call/call.js";
import { keyContext } from "../../src/entity/model.js";
import { isRetryableReason } from "../../src/errors/retryable.js";
import {
  type CancellationReason,
  TransactionCanceledError,
} from "../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { Simplify } from "../../src/store/field-paths.js";
import { limits } from "../../src/table/table.js";
import { chunksOf } from "../../src/transport/parallel.js";
import { newestFirst } from "../order.js";
import type { Transaction } from "../transaction/transaction.js";
import { readRange } from "./range.js";
import type { StoresOf } from "./stores-of.js";

export type ProjectWithContent = Simplify<Project & { contents: SavedContent[] }>;

export interface ProjectsWithContent {
  /** Newest first, each with its content, newest first. */
  readonly projects: ProjectWithContent[];
  /** Content without a project, and content whose project does not exist; newest first. */
  readonly uncategorised: SavedContent[];
}

export interface Projects {
  /**
   * All projects and all content of a user, grouped. One request per MB.
   * @example
   * const { projects, uncategorised } = await data.projects.listWithContent({ userId });
   */
  listWithContent(
    key: { readonly userId: string },
    options?: CallOptions,
  ): Promise<ProjectsWithContent>;
  /**
   * Deletes a project and takes its N contents out of it: one query (per MB of content) and
   * ⌈(N+1)/100⌉ transactions, of which the last deletes the project; more and smaller ones if 100
   * contents exceed 4 MB. If it fails in the middle (`mayHaveBeenDone`), call it again to finish the
   * work; until then the contents that were taken out are uncategorised.
   * @returns how many contents were taken out
   * @throws DynamoDBError if the engine has no transactions
   */
  deleteAndUnfile(
    key: { readonly userId: string; readonly projectId: string },
    options?: CallOptions,
  ): Promise<{ unfiled: number }>;
}

export function createProjects(
  context: StoreContext,
  stores: StoresOf<"projects", "listWithContent">,
  transaction: Transaction,
): Projects {
  return {
    listWithContent: async (key, options = {}) => {
      const { model, writes } = internalsOf(stores.project);
      const operation = "projects.listWithContent";
      const { call, parts } = reading({ operation }, () => {
        const context = keyContext(model, operation, key, ["userId"]);
        return { call: context, parts: writes.input.partition(key, context) };
      });
      const names = ["project", "savedContent"] as const;
      const found = await perform(call, options, (running) =>
        readRange(context, stores, names, parts, running),
      );
      return grouped(found.project, found.savedContent);
    },
    deleteAndUnfile: async (key, options = {}) => {
      const { model, writes } = internalsOf(stores.project);
      const operation = "projects.deleteAndUnfile";
      const { call, parts } = reading({ operation }, () => {
        const context = keyContext(model, operation, key);
        return { call: context, parts: writes.input.key(key, context) };
      });
      const { userId = "", projectId = "" } = parts;
      return perform(call, options, (running) =>
        deleteAndUnfile(stores, transaction, { userId, projectId }, running),
      );
    },
  };
}

async function deleteAndUnfile(
  stores: StoresOf<"projects", "deleteAndUnfile">,
  transaction: Transaction,
  project: { readonly userId: string; readonly projectId: string },
  { signal, onAnswerLost }: Call,
): Promise<{ unfiled: number }> {
  const { userId, projectId } = project;
  const where = { projectId };
  const limit = signal === undefined ? {} : { signal };
  const { items } = await stores.savedContent.query(
    { userId },
    { ...limit, where, fields: ["projectId"] },
  );
  // The project goes last: as long as it exists, the work is not done.
  const operations = [...items.map(({ contentId }) => contentId), null];
  const groups = chunksOf(operations, limits.transactionOperations);
  let unfiled = 0;
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const contents = group;
    try {
      await transaction.write(
        (tx) =>
          contents.map((contentId) =>
            contentId === null
              ? tx.project.delete(project)
              : tx.savedContent.update({ userId, contentId }, { projectId: null }, { where }),
          ),
        limit,
      );
      unfiled += contents.filter((contentId) => contentId !== null).length;
      // Part of the work is done, whatever ends it from here on.
      onAnswerLost?.();
    } catch (error) {
      groups.unshift(...whatIsLeft(contents, error));
    }
  }
  return { unfiled };
}

/**
 * The groups to write in place of a refused one. Content that was moved or deleted meanwhile is left
 * out. A group whose items exceed 4 MB is halved, because only the engine knows their sizes.
 * @throws the error, if it shows anything else
 */
function whatIsLeft<T>(group: readonly T[], error: unknown): T[][] {
  const reasons = error instanceof TransactionCanceledError ? error.reasons : [];
  const isMoved = ({ code }: CancellationReason) => code === "ConditionalCheckFailed";
  const moved = new Set(reasons.filter(isMoved).map(({ index }) => index));
  if (moved.size > 0 && reasons.every((one) => isMoved(one) || isRetryableReason(one.code))) {
    const left = group.filter((_, index) => !moved.has(index));
    return left.length === 0 ? [] : [left];
  }
  const tooLarge =
    error instanceof ValidationError || reasons.some(({ code }) => code === "ValidationError");
  if (tooLarge && group.length > 1) return chunksOf(group, Math.ceil(group.length / 2));
  throw error;
}

function grouped(
  projects: readonly Project[],
  contents: readonly SavedContent[],
): ProjectsWithContent {
  const byProject = new Map(projects.map((project) => [project.projectId, [] as SavedContent[]]));
  const uncategorised: SavedContent[] = [];
  const byCreation = ({ contentId, createdAt }: SavedContent) => [createdAt, contentId] as const;
  for (const content of newestFirst(contents, byCreation)) {
    (byProject.get(content.data.projectId ?? "") ?? uncategorised).push(content);
  }
  return {
    projects: newestFirst(projects, (project) => [project.createdAt, project.projectId]).map(
      (project) => ({
        ...project,
        contents: byProject.get(project.projectId) ?? [],
      }),
    ),
    uncategorised,
  };
}

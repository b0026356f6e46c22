/** What the application does all day, as a list: each step is one call and one line of `npm start`. */
import {
  ConditionalCheckFailedError,
  type DataLayer,
  ItemNotFoundError,
  ValidationError,
} from "../src/index.js";
import type { Cast } from "./demo-cast.js";
import { count } from "./terminal.js";

/** What the steps share. A later one may use what an earlier one found. */
export interface Scene extends Cast {
  readonly data: DataLayer;
  /** The ids of the user's content, newest first. */
  contentIds: string[];
  /** A project that holds content. */
  projectId: string | undefined;
  /** The piece of content that the writing steps make and delete. */
  draft: { readonly contentId: string; readonly updatedAt: number } | undefined;
}

export interface Step {
  readonly group: "read" | "many at once" | "write";
  /** The call, as short as it can be understood. */
  readonly call: string;
  /** Makes the call and tells what came back. */
  readonly run: (scene: Scene) => Promise<string>;
}

const nothing = "nothing of that kind in this export";

export const steps: readonly Step[] = [
  {
    group: "read",
    call: "userProfile.get",
    run: async ({ data, userId }) => {
      const profile = await data.userProfile.get({ userId });
      if (profile === null) return "null: this user has no profile";
      const { displayName, name, email } = profile.data;
      return [displayName ?? name ?? "no name", email ?? "no email"].join(", ");
    },
  },
  {
    group: "read",
    call: "savedContent.query, newest first",
    run: async (scene) => {
      const { data, userId } = scene;
      const { items } = await data.savedContent.query(
        { userId },
        { by: "createdAt", order: "desc" },
      );
      scene.contentIds = items.map(({ contentId }) => contentId);
      scene.projectId = mostFrequent(items.map((item) => item.data.projectId));
      const [newest] = items;
      if (newest === undefined) return nothing;
      return `${count(items.length, "piece")}, the newest of ${day(newest.createdAt)}: ${titleOf(newest.data)}`;
    },
  },
  {
    group: "read",
    call: "savedContent.query, one project's",
    run: async ({ data, userId, projectId }) => {
      if (projectId === undefined) return nothing;
      const { items } = await data.savedContent.query({ userId }, { where: { projectId } });
      return `${count(items.length, "piece")}, filtered by the engine`;
    },
  },
  {
    group: "read",
    call: "savedContent.query, uncategorised",
    run: async ({ data, userId }) => {
      const { items } = await data.savedContent.query({ userId }, { where: { projectId: null } });
      return `${count(items.length, "piece")} whose project is null or missing`;
    },
  },
  {
    group: "read",
    call: "savedContent.query, pages of 3",
    run: async ({ data, userId }) => {
      const pages: number[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof data.savedContent.query>> =
          await data.savedContent.query({ userId }, { limit: 3, cursor });
        pages.push(page.items.length);
        cursor = page.cursor;
      } while (cursor !== null && pages.length < 4);
      return `${pages.join(" + ")} pieces${cursor === null ? "" : " and more"}, by cursor`;
    },
  },
  {
    group: "read",
    call: "researchReport.query, titles only",
    run: async ({ data, userId }) => {
      const { items } = await data.researchReport.query(
        { userId },
        { by: "createdAt", order: "desc", limit: 3, fields: ["topic"] },
      );
      if (items.length === 0) return nothing;
      return `no bodies read: ${items.map((item) => item.data.topic).join("; ")}`;
    },
  },
  {
    group: "read",
    call: "marketingPlan.query, the latest",
    run: async ({ data, userId }) => {
      const { items } = await data.marketingPlan.query(
        { userId },
        { by: "createdAt", order: "desc", limit: 1 },
      );
      const [latest] = items;
      return latest === undefined ? nothing : `made on ${day(latest.createdAt)}`;
    },
  },
  {
    group: "read",
    call: "review.query, an agent's",
    run: async ({ data, agentId }) => {
      if (agentId === undefined) return nothing;
      const { items } = await data.review.query({ agentId });
      const ratings = items.map((item) => Number(item.data.rating)).filter(Number.isFinite);
      const sum = ratings.reduce((total, rating) => total + rating, 0);
      return `${count(items.length, "review")}, ${(sum / ratings.length).toFixed(1)} stars on average`;
    },
  },
  {
    group: "read",
    call: "oauthToken.get, without secrets",
    run: async ({ data, userId }) => {
      const token = await data.oauthToken.get({ userId }, { fields: ["expiryDate"] });
      return token === null ? "null: Google is not connected" : "Google is connected";
    },
  },
  {
    group: "many at once",
    call: "collections.workspace",
    run: async ({ data, userId }) => {
      const workspace = await data.collections.workspace({ userId });
      const counts = Object.entries(workspace).filter(([, items]) => items.length > 0);
      const total = counts.reduce((sum, [, items]) => sum + items.length, 0);
      return `everything of the user: ${count(total, "item")} of ${count(counts.length, "entity", "entities")}`;
    },
  },
  {
    group: "many at once",
    call: "collections.recent",
    run: async ({ data, userId }) => {
      const items = await data.collections.recent({ userId, limit: 10 });
      if (items.length === 0) return nothing;
      const newest = items
        .slice(0, 4)
        .map(({ entity, createdAt }) => `${entity} ${day(createdAt)}`);
      return `newest ${items.length}: ${newest.join(", ")}${items.length > 4 ? ", …" : ""}`;
    },
  },
  {
    group: "many at once",
    call: "savedContent.batchGet, 100 keys",
    run: async ({ data, userId, contentIds }) => {
      if (contentIds.length === 0) return nothing;
      const keys = hundred(contentIds).map((contentId) => ({ userId, contentId }));
      const items = await data.savedContent.batchGet(keys);
      const found = items.filter((item) => item !== null).length;
      return `${found} found, in the order of the keys, repeats allowed`;
    },
  },
  {
    group: "many at once",
    call: "100 × savedContent.get at a time",
    run: async ({ data, userId, contentIds }) => {
      if (contentIds.length === 0) return nothing;
      const items = await Promise.all(
        hundred(contentIds).map((contentId) => data.savedContent.get({ userId, contentId })),
      );
      return `${items.filter((item) => item !== null).length} found: calls of one moment share a request`;
    },
  },
  {
    group: "write",
    call: "savedContent.create",
    run: async (scene) => {
      const { data, userId, projectId = null } = scene;
      const { contentId, updatedAt } = await data.savedContent.create({
        userId,
        data: {
          type: "Blog Post",
          name: "A draft",
          content: "# Draft",
          status: "draft",
          projectId,
        },
      });
      scene.draft = { contentId, updatedAt };
      return `stored; its id ${contentId} sorts by time`;
    },
  },
  {
    group: "write",
    call: "savedContent.create, the same id",
    run: ({ data, userId, draft }) =>
      refusal(ConditionalCheckFailedError, "it is there already", () =>
        data.savedContent.create({
          userId,
          contentId: draft?.contentId ?? "",
          data: { type: "Blog Post", content: "Another one" },
        }),
      ),
  },
  {
    group: "write",
    call: "savedContent.update",
    run: async ({ data, userId, draft }) => {
      const key = { userId, contentId: draft?.contentId ?? "" };
      const { data: after } = await data.savedContent.update(key, { status: "published" });
      return `status is ${after.status}; name is still "${after.name}"`;
    },
  },
  {
    group: "write",
    call: "savedContent.update, ifUpdatedAt",
    run: ({ data, userId, draft }) =>
      refusal(ConditionalCheckFailedError, "somebody wrote it in between", () =>
        data.savedContent.update(
          { userId, contentId: draft?.contentId ?? "" },
          { status: "archived" },
          { ifUpdatedAt: draft?.updatedAt },
        ),
      ),
  },
  {
    group: "write",
    call: "savedContent.put",
    run: async ({ data, userId, draft }) => {
      const { createdAt, updatedAt } = await data.savedContent.put({
        userId,
        contentId: draft?.contentId ?? "",
        data: { type: "Blog Post", content: "# Written anew" },
      });
      return `replaced; created ${updatedAt - createdAt} ms before, and still says so`;
    },
  },
  {
    group: "write",
    call: "savedContent.put, a wrong payload",
    run: ({ data, userId, draft }) =>
      refusal(ValidationError, "nothing was sent", () =>
        data.savedContent.put({
          userId,
          contentId: draft?.contentId ?? "",
          // What the type checker refuses, and data from elsewhere does all the same.
          data: { type: 7, content: "text" } as unknown as { type: string; content: string },
        }),
      ),
  },
  {
    group: "write",
    call: "savedContent.delete",
    run: async ({ data, userId, draft }) => {
      const was = await data.savedContent.delete({ userId, contentId: draft?.contentId ?? "" });
      return was === null ? "was not there" : "deleted, and returned as it was";
    },
  },
  {
    group: "write",
    call: "savedContent.update, it is gone",
    run: ({ data, userId, draft }) =>
      refusal(ItemNotFoundError, "no ghost is made", () =>
        data.savedContent.update({ userId, contentId: draft?.contentId ?? "" }, { name: "Ghost" }),
      ),
  },
];

/** Makes a call that has to be refused, and says by which error. Any other error is a failure. */
async function refusal(
  expected: new (...args: never[]) => Error,
  why: string,
  call: () => Promise<unknown>,
): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof expected) return `${error.name}: ${why}`;
    throw error;
  }
  throw new Error(`expected ${expected.name}, but the call was accepted`);
}

/** A hundred ids, repeated where there are fewer. */
function hundred(ids: readonly string[]): string[] {
  return Array.from({ length: 100 }, (_, index) => ids[index % ids.length] ?? "");
}

function mostFrequent(values: readonly (string | null | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (typeof value === "string") counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function titleOf({
  title,
  name,
  type,
}: {
  title?: string | null;
  name?: string | null;
  type: string;
}) {
  return title || name || type;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

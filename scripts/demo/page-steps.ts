/** What the application reads across entities, and what it reads a hundred times at once. */
import { count } from "../run/terminal.js";
import { day, nothing, type StepGroup } from "./step.js";

export const pageSteps: StepGroup = {
  name: "read a whole page",
  steps: [
    {
      call: "dashboard",
      run: async ({ data, userId, agentId = userId }) => {
        const page = await data.dashboard({ userId, agentId });
        return [
          count(page.competitors.length, "competitor"),
          page.latestPlan === null ? "no plan" : "a plan",
          count(page.reviews.length, "review"),
        ].join(", ");
      },
    },
    {
      call: "projects.listWithContent",
      run: async ({ data, userId }) => {
        const { projects, uncategorised } = await data.projects.listWithContent({ userId });
        const filed = projects.reduce((sum, { contents }) => sum + contents.length, 0);
        return `${count(projects.length, "project")} with ${count(filed, "piece")}, ${uncategorised.length} in none`;
      },
    },
    {
      call: "reviews.newest",
      run: async ({ data, agentId }) => {
        if (agentId === undefined) return nothing;
        const reviews = await data.reviews.newest(agentId, 3);
        const ratings = reviews.map((review) => `${review.data.rating}★`);
        return `${ratings.join(", ")}, by the reviews' own dates`;
      },
    },
    {
      call: "oauth.isConnected",
      run: async ({ data, userId }) => {
        const connected = await data.oauth.isConnected(userId);
        return `${connected ? "yes" : "no"}, and no secret was read`;
      },
    },
    {
      call: "collections.workspace",
      run: async ({ data, userId }) => {
        const workspace = await data.collections.workspace({ userId });
        const kinds = Object.values(workspace).filter((items) => items.length > 0);
        const total = kinds.reduce((sum, items) => sum + items.length, 0);
        return `${count(total, "item")} of ${count(kinds.length, "entity", "entities")}`;
      },
    },
    {
      call: "collections.recent",
      run: async ({ data, userId }) => {
        const items = await data.collections.recent({ userId, limit: 10 });
        const kinds = new Set(items.map(({ entity }) => entity)).size;
        const last = items.at(-1);
        if (last === undefined) return nothing;
        return `newest ${items.length}, of ${count(kinds, "entity", "entities")}, to ${day(last.createdAt)}`;
      },
    },
    {
      call: "savedContent.batchGet 100 keys",
      run: async ({ data, userId, contentIds }) => {
        if (contentIds.length === 0) return nothing;
        const keys = hundred(contentIds).map((contentId) => ({ userId, contentId }));
        const items = await data.savedContent.batchGet(keys);
        return `${found(items)} found, in the order of the keys`;
      },
    },
    {
      call: "savedContent.get 100 at once",
      run: async ({ data, userId, contentIds }) => {
        if (contentIds.length === 0) return nothing;
        const calls = hundred(contentIds).map((contentId) =>
          data.savedContent.get({ userId, contentId }),
        );
        return `${found(await Promise.all(calls))} found, sent together`;
      },
    },
  ],
};

/** A hundred ids, repeated if there are fewer. */
function hundred(ids: readonly string[]): string[] {
  return Array.from({ length: 100 }, (_, index) => ids[index % ids.length] ?? "");
}

const found = (items: readonly unknown[]): number => items.filter((item) => item !== null).length;

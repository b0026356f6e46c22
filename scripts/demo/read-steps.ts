/** What the application reads from one store. */
import { count } from "../run/terminal.js";
import { day, nothing, type Scene, type StepGroup } from "./step.js";

export const readSteps: StepGroup = {
  name: "read from a store",
  steps: [
    {
      call: "userProfile.get",
      run: async ({ data, userId }) => {
        const profile = await data.userProfile.get({ userId });
        if (profile === null) return "null: this user has no profile";
        const { displayName, name, email } = profile.data;
        return [displayName ?? name ?? "no name", email ?? "no email"].join(", ");
      },
    },
    {
      call: "savedContent.query newest first",
      run: async (scene) => {
        const content = await newestContent(scene);
        scene.contentIds = content.map(({ contentId }) => contentId);
        scene.projectId = mostFrequent(content.map((item) => item.data.projectId));
        const [newest] = content;
        if (newest === undefined) return nothing;
        const { title, name, type } = newest.data;
        return `${count(content.length, "piece")}, newest ${day(newest.createdAt)}: ${title || name || type}`;
      },
    },
    {
      call: "savedContent.query one project",
      run: async ({ data, userId, projectId }) => {
        if (projectId === undefined) return nothing;
        const { items } = await data.savedContent.query({ userId }, { where: { projectId } });
        return `${count(items.length, "piece")}, filtered by the engine`;
      },
    },
    {
      call: "savedContent.query uncategorised",
      run: async ({ data, userId }) => {
        const { items } = await data.savedContent.query({ userId }, { where: { projectId: null } });
        return `${count(items.length, "piece")}, project null or missing`;
      },
    },
    {
      call: "savedContent.query pages of 3",
      run: async ({ data, userId }) => {
        const pages: number[] = [];
        let cursor: string | null | undefined;
        while (cursor !== null && pages.length < 4) {
          const query = { limit: 3, cursor };
          const page: PageEnd = await data.savedContent.query({ userId }, query);
          pages.push(page.items.length);
          cursor = page.cursor;
        }
        return `${pages.join(" + ")} pieces${cursor === null ? "" : " and more"}, by cursor`;
      },
    },
    {
      call: "researchReport.query titles only",
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
      call: "marketingPlan.query the latest",
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
      call: "review.query of an agent",
      run: async ({ data, agentId }) => {
        if (agentId === undefined) return nothing;
        const { items } = await data.review.query({ agentId });
        const ratings = items.map((item) => Number(item.data.rating)).filter(Number.isFinite);
        const sum = ratings.reduce((total, rating) => total + rating, 0);
        const average = ratings.length === 0 ? "no" : (sum / ratings.length).toFixed(1);
        return `${count(items.length, "review")}, ${average} stars on average`;
      },
    },
  ],
};

interface PageEnd {
  readonly items: readonly unknown[];
  readonly cursor: string | null;
}

async function newestContent({ data, userId }: Scene) {
  const { items } = await data.savedContent.query({ userId }, { by: "createdAt", order: "desc" });
  return items;
}

function mostFrequent(values: readonly (string | null | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (typeof value === "string") counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

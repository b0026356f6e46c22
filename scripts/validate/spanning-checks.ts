/** What spans entities: collections, transactions, use cases, the scope of one user. */
import { type DynamoDBError, ValidationError } from "../../src/index.js";
import { type CheckGroup, clearingUp, eventually, expect, refused } from "./check.js";

const provider = "VALIDATE";

export const spanningChecks: CheckGroup = {
  name: "across entities",
  checks: [
    {
      name: "collections.workspace",
      run: async ({ data, userId, subjects }) => {
        const tried = new Set(subjects.map(({ facade }) => facade));
        await eventually(async () => {
          const workspace = await data.collections.workspace({ userId });
          const empty = Object.entries(workspace).filter(
            ([name, items]) => tried.has(name) && items.length === 0,
          );
          expect(empty.length === 0, `nothing of ${empty.map(([name]) => name).join(", ")}`);
        });
      },
    },
    {
      name: "collections.recent, newest first",
      run: async ({ data, userId }) => {
        await eventually(async () => {
          const items = await data.collections.recent({ userId, limit: 12 });
          const times = items.map((item) => item.createdAt);
          expect(items.length === 12, `found ${items.length} items, not 12`);
          expect(times.join() === times.toSorted((a, b) => b - a).join(), "not in order of time");
        });
      },
    },
    {
      name: "reviews.byId, on the index",
      run: async ({ data, userId }) => {
        const reviewId = `review-of-${userId}`;
        const review = { author: { name: "A" }, source: "Google", rating: 5, comment: "" };
        await data.review.put({ agentId: userId, reviewId, data: review });
        await eventually(async () => {
          const found = await data.reviews.byId(reviewId);
          expect(found?.agentId === userId, "not found by its id alone");
        });
      },
    },
    {
      name: "dashboard",
      run: async ({ data, userId }) => {
        await eventually(async () => {
          const page = await data.dashboard({ userId, agentId: userId });
          expect(page.agentProfile !== null, "no agent profile");
          expect(page.latestPlan !== null, "no plan");
          expect(page.reviews.length > 0, "no reviews");
        });
      },
    },
    {
      name: "transaction.write and get, and deleteAndUnfile",
      run: async ({ data, userId }) => {
        const projectId = "validate-transaction";
        const project = { userId, projectId };
        const content = { userId, contentId: "validate-transaction" };
        try {
          await data.transaction.write((tx) => [
            tx.project.create({ ...project, data: { name: "A project" } }),
            tx.savedContent.create({ ...content, data: { type: "Note", content: "-", projectId } }),
          ]);
        } catch (error) {
          if ((error as DynamoDBError).code !== "UnknownOperationException") throw error;
          return "skipped: this engine has no transactions";
        }
        await eventually(async () => {
          const { unfiled } = await data.projects.deleteAndUnfile(project);
          expect(unfiled === 1, `took ${unfiled} contents out of the project, not 1`);
        });
        const left = await data.savedContent.get(content, { consistent: true });
        expect(left !== null && left.data.projectId !== projectId, "the content is still in it");
        return undefined;
      },
    },
    {
      name: "profiles.save, create and merge",
      run: async ({ data, userId }) => {
        const key = { userId, agentProfileId: "validate-save" };
        await data.profiles.save(key, { name: "A name" });
        await data.profiles.save(key, { bio: "A line" });
        const profile = await data.realEstateAgentProfile.get(key, { consistent: true });
        expect(profile?.data.name === "A name" && profile.data.bio === "A line", "not merged");
      },
    },
    {
      name: "oauth: store, isConnected, validToken, remove",
      run: async ({ data, userId }) => {
        const token = { accessToken: "first", refreshToken: "stays", expiryDate: 0 };
        await data.oauth.store(userId, provider, token);
        expect(await data.oauth.isConnected(userId, provider), "stored, but not connected");
        let refreshed = 0;
        const refresh = async () => {
          refreshed += 1;
          return { accessToken: "second", expiryDate: Date.now() + 3_600_000 };
        };
        const valid = () => data.oauth.validToken(userId, provider, { refresh });
        const tokens = await Promise.all([valid(), valid(), valid()]);
        expect(refreshed === 1, `refreshed ${refreshed} times, not once`);
        expect(
          tokens.every((one) => one.accessToken === "second"),
          "an old token came back",
        );
        const removed = await data.oauth.remove(userId, provider);
        expect(removed?.data.refreshToken === "stays", "the refresh token was lost");
      },
    },
    {
      name: "user: export and erase",
      run: async ({ data, userId: validating }) => {
        const userId = `${validating}-erased`;
        const user = data.user(userId);
        const check = async () => {
          await data.project.put({ userId, projectId: "p", data: { name: "A project" } });
          await data.oauth.store(userId, provider, { accessToken: "validate-secret" });
          const found: unknown[] = [];
          for await (const item of user.export({ consistent: true })) found.push(item);
          expect(found.length === 2, `exported ${found.length} items, not 2`);
          expect(!JSON.stringify(found).includes("validate-secret"), "a secret is not masked");
        };
        await clearingUp(check, async () => {
          const { left } = await user.erase();
          expect(left === 0, `left ${left} items`);
        });
        const { erased } = await user.erase({ dryRun: true });
        expect(erased === 0, `found ${erased} items after it was erased`);
      },
    },
    {
      name: "forUser reaches nobody else",
      run: async ({ data, userId }) => {
        const scope = data.forUser(userId);
        const mine = await scope.project.query({});
        expect(
          mine.items.every((item) => item.userId === userId),
          "another user's item",
        );
        const foreign = { userId: "somebody-else", projectId: "p" } as unknown as {
          projectId: string;
        };
        await refused(ValidationError, scope.project.get(foreign));
      },
    },
  ],
};

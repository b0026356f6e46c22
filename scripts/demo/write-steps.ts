/** What the application writes, and what the data layer refuses. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  ConditionalCheckFailedError,
  ItemNotFoundError,
  ValidationError,
} from "../../src/index.js";
import { count } from "../run/terminal.js";
import { nothing, type Scene, type StepGroup } from "./step.js";

/** Of the token that is stored and refreshed here. */
const provider = "DEMONSTRATION";

export const writeSteps: StepGroup = {
  name: "write",
  steps: [
    {
      call: "savedContent.create",
      run: async (scene) => {
        const { data, userId, projectId = null } = scene;
        const { contentId, updatedAt } = await data.savedContent.create({
          userId,
          data: { type: "Blog Post", name: "A draft", content: "# A draft", projectId },
        });
        scene.draft = { contentId, updatedAt };
        return "stored, under an id that sorts by time";
      },
    },
    {
      call: "savedContent.create the same id",
      run: (scene) =>
        refusal(ConditionalCheckFailedError, () =>
          scene.data.savedContent.create({
            ...draftKey(scene),
            data: { type: "Blog Post", content: "Another one" },
          }),
        ),
    },
    {
      call: "savedContent.update",
      run: async (scene) => {
        const changes = { status: "published" };
        const { data } = await scene.data.savedContent.update(draftKey(scene), changes);
        return `${data.status}; its name is still ${data.name}`;
      },
    },
    {
      call: "savedContent.update ifUpdatedAt",
      run: (scene) =>
        refusal(ConditionalCheckFailedError, () =>
          scene.data.savedContent.update(
            draftKey(scene),
            { status: "archived" },
            { ifUpdatedAt: scene.draft.updatedAt },
          ),
        ),
    },
    {
      call: "savedContent.put",
      run: async (scene) => {
        const { createdAt, updatedAt } = await scene.data.savedContent.put({
          ...draftKey(scene),
          data: { type: "Blog Post", content: "# Written anew" },
        });
        return `replaced; still created ${updatedAt - createdAt} ms before`;
      },
    },
    {
      call: "savedContent.put a wrong type",
      run: (scene) =>
        refusal(ValidationError, () =>
          scene.data.savedContent.put({
            ...draftKey(scene),
            // The type checker refuses this, but data from elsewhere may contain it.
            data: { type: 7, content: "text" } as unknown as { type: string; content: string },
          }),
        ),
    },
    {
      call: "savedContent.delete",
      run: async (scene) => {
        const was = await scene.data.savedContent.delete(draftKey(scene));
        return was === null ? "was not there" : "deleted, and returned as it was";
      },
    },
    {
      call: "savedContent.update it is gone",
      run: (scene) =>
        refusal(ItemNotFoundError, () =>
          scene.data.savedContent.update(draftKey(scene), { name: "Ghost" }),
        ),
    },
    {
      call: "projects.deleteAndUnfile",
      run: async ({ data, userId, projectId, transactions }) => {
        if (!transactions) return "this engine has no transactions";
        if (projectId === undefined) return nothing;
        const { unfiled } = await data.projects.deleteAndUnfile({ userId, projectId });
        return `project gone, ${count(unfiled, "piece")} taken out`;
      },
    },
    {
      call: "oauth.store after consent",
      run: async ({ data, userId }) => {
        await data.oauth.store(userId, provider, {
          accessToken: "not-a-real-access-token",
          refreshToken: "not-a-real-refresh-token",
          expiryDate: 0,
        });
        return "stored, expired already";
      },
    },
    {
      call: "oauth.validToken 10 callers",
      run: async ({ data, userId }) => {
        let refreshed = 0;
        const refresh = async () => {
          refreshed += 1;
          await sleep(20);
          return { accessToken: "not-a-real-token-either", expiryDate: Date.now() + 3_600_000 };
        };
        const call = () => data.oauth.validToken(userId, provider, { refresh });
        const tokens = await Promise.all(Array.from({ length: 10 }, call));
        const different = new Set(tokens.map(({ accessToken }) => accessToken)).size;
        return `${count(refreshed, "refresh", "refreshes")}, ${count(different, "token")} for all`;
      },
    },
  ],
};

const draftKey = ({ userId, draft }: Scene) => ({ userId, contentId: draft.contentId });

/** Makes a call that must be refused, and says with which error. Any other outcome is a failure. */
async function refusal(
  expected: abstract new (...args: never[]) => Error,
  call: () => Promise<unknown>,
): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof expected) return `refused: ${error.name}`;
    throw error;
  }
  throw new Error(`expected ${expected.name}, but the call was accepted`);
}

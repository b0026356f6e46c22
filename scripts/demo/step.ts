/** One line of the demonstration, and what the lines share. */
import type { DataLayer } from "../../src/index.js";
import type { Cast } from "./cast.js";

/** What the steps share. A later one may use what an earlier one found. */
export interface Scene extends Cast {
  readonly data: DataLayer;
  /** Whether the engine has transactions. */
  readonly transactions: boolean;
  /** The ids of the user's content, newest first. */
  contentIds: string[];
  /** A project that holds content. */
  projectId: string | undefined;
  /** The piece of content that the writing steps make and delete. */
  draft: Draft;
}

export interface Draft {
  readonly contentId: string;
  readonly updatedAt: number;
}

/** One call of the application, and what came back in a few words. No secret, and no payload. */
export interface Step {
  /** The method and what is special about this call; 32 characters at most. */
  readonly call: string;
  readonly run: (scene: Scene) => Promise<string>;
}

/** Steps that belong together, under one heading. */
export interface StepGroup {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What a step says if the documents hold nothing for it. */
export const nothing = "nothing of that kind in this export";

/** A date without its time, in UTC. */
export const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

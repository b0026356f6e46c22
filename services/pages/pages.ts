/** The calls over several of the twelve entities. */
import type { StoreContext } from "../../src/store/entity-store.js";
import { createOAuthTokens, type OAuthTokens } from "../oauth/oauth-tokens.js";
import type { Stores } from "../stores.js";
import type { Transaction } from "../transaction/transaction.js";
import { createDashboards, type Dashboards } from "./dashboard.js";
import { createProfiles, type Profiles } from "./profiles.js";
import { createProjects, type Projects } from "./projects.js";
import { createReviews, type Reviews } from "./reviews.js";

export interface Pages extends Dashboards {
  readonly projects: Projects;
  readonly profiles: Profiles;
  readonly reviews: Reviews;
  readonly oauth: OAuthTokens;
}

/** The pages, and what waits for those of their calls that must not be cut off. */
export function createPages(
  context: StoreContext,
  stores: Stores,
  transaction: Transaction,
): { readonly pages: Pages; finish(): Promise<unknown> | undefined } {
  const { oauth, finish } = createOAuthTokens(context, stores);
  const pages = {
    ...createDashboards(context, stores),
    projects: createProjects(context, stores, transaction),
    profiles: createProfiles(stores, transaction),
    reviews: createReviews(context, stores),
    oauth,
  };
  return { pages, finish };
}

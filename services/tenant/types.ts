/** The types of one user's scope: those of the data layer without the parts that the scope fixes. */
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { UserProfile } from "../../entities/user-profile.js";
import type { CallOptions } from "../../src/call/call.js";
import type { ownerParts } from "../../src/entity/model.js";
import type { StoreCalls } from "../../src/store/store-calls.js";
import type { Simplify, StoreSpec } from "../../src/store/store-types.js";
import type { Collections, RecentOptions } from "../collections.js";
import type { FacadeName, Registry } from "../entities.js";
import type { OAuthTokens } from "../oauth/oauth-tokens.js";
import type { BrandAuditPage, Dashboard } from "../pages/dashboard.js";
import type { Projects } from "../pages/projects.js";
import type { Reviews } from "../pages/reviews.js";
import type { ChangesOf, Spec } from "../stores.js";
import type { Transactions } from "../transaction/types.js";

/** The parts that the scope fixes, and that its callers cannot give. */
type Owner = (typeof ownerParts)[number];
type NotGiven = { readonly [P in Owner]?: never };
type Scoped<Key> = Simplify<Omit<Key, Owner> & NotGiven>;

/** A store's spec without the owner's part. `Omit` alone would forbid nothing if no part is left. */
export interface ScopedSpec<S extends StoreSpec> {
  readonly parts: S["parts"];
  readonly key: Scoped<S["key"]>;
  readonly partition: Scoped<S["partition"]>;
  readonly newKey: Scoped<S["newKey"]>;
  readonly data: S["data"];
  readonly item: S["item"];
  readonly dated: S["dated"];
  readonly entity: S["entity"];
}

export type ScopedSpecs = { [F in FacadeName]: ScopedSpec<Spec<F>> };

/** A store of one user. */
export interface ScopedStore<S extends StoreSpec> extends StoreCalls<S> {}

/** The stores of one user under their facade names. */
export type ScopedStores = {
  readonly [F in keyof Registry]: ScopedStore<ScopedSpec<Spec<F>>>;
};

/** Everything of one user's; reviews are those of the agent with the user's id. */
export interface UserScope extends ScopedStores {
  readonly userId: string;
  readonly collections: {
    workspace(options?: CallOptions): ReturnType<Collections["workspace"]>;
    recent(options: Omit<RecentOptions, "userId"> & NotGiven): ReturnType<Collections["recent"]>;
  };
  readonly transaction: Transactions<ScopedSpecs>;
  dashboard(options?: CallOptions): Promise<Dashboard>;
  brandAuditPage(options?: CallOptions): Promise<BrandAuditPage>;
  readonly projects: {
    listWithContent(options?: CallOptions): ReturnType<Projects["listWithContent"]>;
    deleteAndUnfile(
      key: { readonly projectId: string } & NotGiven,
      options?: CallOptions,
    ): ReturnType<Projects["deleteAndUnfile"]>;
  };
  readonly profiles: {
    save(
      key: { readonly agentProfileId: string } & NotGiven,
      data: ChangesOf<"realEstateAgentProfile">,
      options?: CallOptions,
    ): Promise<RealEstateAgentProfile>;
    save(
      key: NotGiven & { readonly agentProfileId?: never },
      data: ChangesOf<"userProfile">,
      options?: CallOptions,
    ): Promise<UserProfile>;
    setPhoto(
      key: { readonly agentProfileId?: string | undefined } & NotGiven,
      photoURL: string,
      options?: CallOptions,
    ): Promise<void>;
  };
  readonly reviews: {
    /** The user's own review with this id, or `null`. One request, by its key: old items too. */
    byId: Reviews["byId"];
    /** Deletes the user's own review with this id and returns it, or `null`. One request. */
    deleteById: Reviews["deleteById"];
    newest(n: number, options?: CallOptions): ReturnType<Reviews["newest"]>;
  };
  readonly oauth: { readonly [M in keyof OAuthTokens]: WithoutUser<OAuthTokens[M]> };
}

type WithoutUser<Method> = Method extends (userId: string, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** What the types of a user's scope refuse. Compiled by `npm run test:types`, never run. */
import type { EntityStore, FacadeName, Specs, UserScope } from "bayon-coagent-data";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

type AllTrue<Claims> = Equal<{ [C in keyof Claims]: true }, Claims>;

// ---- For each of the twelve: with the owner's part a key is refused, without it it is well.

type Owner = "userId" | "agentId";
type Accepts<Parameter, Given> = Given extends Parameter ? true : false;
type Refuses<Parameter, Given> = Given extends Parameter ? false : true;

type Key<F extends FacadeName> = Parameters<UserScope[F]["get"]>[0];
type Partition<F extends FacadeName> = Parameters<UserScope[F]["query"]>[0];
type NewInput<F extends FacadeName> = Parameters<UserScope[F]["create"]>[0];
type Input<F extends FacadeName> = Parameters<UserScope[F]["put"]>[0];
type BatchInput<F extends FacadeName> = Parameters<UserScope[F]["batchPut"]>[0][number];
type BatchKey<F extends FacadeName> = Parameters<UserScope[F]["batchGet"]>[0][number];
type Tx = Parameters<Parameters<UserScope["transaction"]["write"]>[0]>[0];
type TxReads = Parameters<Parameters<UserScope["transaction"]["get"]>[0]>[0];

type Data<F extends FacadeName> = { data: Specs[F]["data"] };
type Owned<F extends FacadeName> = Specs[F]["key"];
type Unowned<F extends FacadeName> = Omit<Specs[F]["key"], Owner>;

holds<AllTrue<{ [F in FacadeName]: Refuses<Key<F>, Owned<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Accepts<Key<F>, Unowned<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Refuses<Partition<F>, Specs[F]["partition"]> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<keyof Partition<F>, Owner> }>>();
holds<AllTrue<{ [F in FacadeName]: Refuses<NewInput<F>, Owned<F> & Data<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Accepts<NewInput<F>, Data<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Refuses<Input<F>, Owned<F> & Data<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Accepts<Input<F>, Unowned<F> & Data<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<Parameters<UserScope[F]["upsert"]>[0], Input<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<BatchInput<F>, Input<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<BatchKey<F>, Key<F>> }>>();

type SameKey<F extends FacadeName, Method> = Method extends (
  key: infer K,
  ...rest: never[]
) => unknown
  ? Equal<K, Key<F>>
  : false;

holds<AllTrue<{ [F in FacadeName]: SameKey<F, UserScope[F]["getOrThrow"]> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, UserScope[F]["update"]> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, UserScope[F]["delete"]> }>>();
holds<
  AllTrue<{ [F in FacadeName]: Equal<Parameters<UserScope[F]["batchDelete"]>[0][number], Key<F>> }>
>();
holds<AllTrue<{ [F in FacadeName]: Equal<Parameters<UserScope[F]["list"]>[0], Partition<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<Parameters<Tx[F]["create"]>[0], NewInput<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<Parameters<Tx[F]["put"]>[0], Input<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<Parameters<Tx[F]["upsert"]>[0], Input<F>> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, Tx[F]["update"]> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, Tx[F]["delete"]> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, Tx[F]["check"]> }>>();
holds<AllTrue<{ [F in FacadeName]: SameKey<F, TxReads[F]["get"]> }>>();

// What comes back still says whose it is.
type Item<F extends FacadeName> = NonNullable<Awaited<ReturnType<UserScope[F]["get"]>>>;
holds<Equal<Item<"savedContent">["userId"], string>>();
holds<Equal<Item<"review">["agentId"], string>>();

// ---- Nothing on a scope leads around it.

type StoreCalls = Exclude<keyof EntityStore<Specs["project"]>, "entity" | "scan">;
holds<AllTrue<{ [F in FacadeName]: Equal<keyof UserScope[F], StoreCalls> }>>();
type UseCases = "dashboard" | "brandAuditPage" | "projects" | "profiles" | "reviews" | "oauth";
holds<
  Equal<keyof UserScope, FacadeName | UseCases | "userId" | "user" | "collections" | "transaction">
>();

// ---- The same as a caller meets it: each line that names an owner is an error.

export async function calls(scope: UserScope, data: Specs["savedContent"]["data"]): Promise<void> {
  const contentId = "c1";
  const item = await scope.savedContent.getOrThrow({ contentId });

  // @ts-expect-error A key has no userId.
  await scope.savedContent.get({ userId: "u2", contentId });
  // @ts-expect-error Nor an agentId.
  await scope.savedContent.get({ agentId: "u2", contentId });
  // @ts-expect-error An item that was read is no key: it names its owner.
  await scope.savedContent.get(item);
  // @ts-expect-error
  await scope.savedContent.getOrThrow({ userId: "u2", contentId });
  // @ts-expect-error
  await scope.savedContent.query({ userId: "u2" });
  // @ts-expect-error
  scope.savedContent.list({ userId: "u2" });
  // @ts-expect-error a scan reads all users' items
  scope.savedContent.scan();
  // @ts-expect-error
  await scope.savedContent.create({ userId: "u2", data });
  // @ts-expect-error
  await scope.savedContent.put({ userId: "u2", contentId, data });
  // @ts-expect-error
  await scope.savedContent.update({ userId: "u2", contentId }, { name: "x" });
  // @ts-expect-error
  await scope.savedContent.delete({ userId: "u2", contentId });
  // @ts-expect-error
  await scope.savedContent.batchGet([{ contentId }, { userId: "u2", contentId }]);
  // @ts-expect-error
  await scope.savedContent.batchPut([{ userId: "u2", contentId, data }]);
  // @ts-expect-error
  await scope.savedContent.batchDelete([{ userId: "u2", contentId }]);

  // The profile's key is empty, and `{}` alone would forbid nothing.
  await scope.userProfile.get({});
  // @ts-expect-error
  await scope.userProfile.get({ userId: "u2" });
  // @ts-expect-error
  await scope.userProfile.update({ userId: "u2" }, { name: "x" });
  // @ts-expect-error
  await scope.userProfile.delete({ userId: "u2" });
  // @ts-expect-error
  await scope.userProfile.put({ userId: "u2", data: {} });
  // @ts-expect-error
  await scope.userProfile.batchGet([{ userId: "u2" }]);
  // @ts-expect-error A review's owner is its agent.
  await scope.review.get({ agentId: "u2", reviewId: "r1" });
  // @ts-expect-error
  await scope.review.query({ agentId: "u2" });
  // @ts-expect-error
  await scope.oauthToken.get({ userId: "u2" });

  // @ts-expect-error
  await scope.transaction.write((tx) => [tx.project.delete({ userId: "u2", projectId: "p" })]);
  // @ts-expect-error
  await scope.transaction.write((tx) => [tx.userProfile.update({ userId: "u2" }, { name: "x" })]);
  // @ts-expect-error
  await scope.transaction.get((tx) => [tx.savedContent.get({ userId: "u2", contentId })]);
  // @ts-expect-error What no callback made is no operation.
  await scope.transaction.write(() => [{ key: { PK: "USER#u2", SK: "PROFILE" } }]);

  await scope.collections.workspace();
  // @ts-expect-error
  await scope.collections.workspace({ userId: "u2" });
  // @ts-expect-error
  await scope.collections.recent({ userId: "u2", limit: 3 });
  // @ts-expect-error
  await scope.dashboard({ userId: "u2", agentId: "u2" });
  // @ts-expect-error
  await scope.brandAuditPage({ agentId: "u2" });
  // @ts-expect-error
  await scope.projects.listWithContent({ userId: "u2" });
  // @ts-expect-error
  await scope.projects.deleteAndUnfile({ userId: "u2", projectId: "p" });
  // @ts-expect-error
  await scope.profiles.save({ userId: "u2" }, { name: "x" });
  // @ts-expect-error
  await scope.profiles.save({ userId: "u2", agentProfileId: "main" }, { name: "x" });
  // @ts-expect-error
  await scope.profiles.setPhoto({ userId: "u2" }, "https://example.com/photo.jpg");
  // @ts-expect-error
  await scope.reviews.newest("u2", 3);
  // @ts-expect-error Several agents' reviews are for the whole layer.
  await scope.reviews.ofAgents(["u2"]);
  // @ts-expect-error The provider comes first here; a third argument would be options.
  await scope.oauth.get("u2", "GOOGLE_BUSINESS");
  // @ts-expect-error
  await scope.oauth.validToken("u2", "GOOGLE_BUSINESS", { refresh: () => Promise.reject() });

  // @ts-expect-error
  void scope.savedContent.entity;
  // @ts-expect-error
  void scope.savedContent.model;
  // @ts-expect-error
  void scope.savedContent.writes;
  // @ts-expect-error
  void scope.service;
  // @ts-expect-error
  void scope.table;
  // @ts-expect-error
  void scope.forUser;
  // @ts-expect-error
  void scope.close;
}

/**
 * What an application exports of what the package gives it, without a type written: compiled with
 * `declaration` by declarations/consumers.test.ts, where every type must be one that it can name.
 */
import {
  createDataLayer,
  type DataLayer,
  type EntityStore,
  type FacadeName,
  type KeyOf,
  type StoreSpec,
  type Stores,
  type UserScope,
} from "bayon-coagent-data";

export const { project, oauth, reviews, configuration } = createDataLayer();
export const {
  savedContent,
  collections,
  transaction,
  projects,
  profiles,
  dashboard,
  brandAuditPage,
  table,
  forUser,
  user,
  service,
} = createDataLayer();
export const mine = forUser("u");
export const {
  savedContent: own,
  transaction: ownTransaction,
  oauth: ownOauth,
  profiles: ownProfiles,
  reviews: ownReviews,
  collections: ownCollections,
  projects: ownProjects,
  user: ownUser,
} = mine;
export const exported = () => ownUser.export();
export const erased = () => user("u").erase();
export const get = savedContent.get.bind(savedContent);
export const entity = project.entity;
export const methods = { ...savedContent };
export async function newest<S extends StoreSpec>(
  store: EntityStore<S>,
  partition: S["partition"],
) {
  const page = await store.query(partition, { limit: 1 });
  return page.items[0] ?? null;
}
export const read = <F extends FacadeName>(stores: Stores, name: F, key: KeyOf<F>) =>
  stores[name].get(key);
export const part = (data: DataLayer) =>
  data.savedContent.getOrThrow({ userId: "u", contentId: "c" }, { fields: ["title"] });
export const written = (data: DataLayer) =>
  data.transaction.write((tx) => [
    tx.project.delete({ userId: "u", projectId: "p" }),
    tx.savedContent.create({ userId: "u", data: { type: "t", content: "c" } }),
  ]);
export const scoped = (scope: UserScope) => scope.savedContent.list({});
export const both = (data: DataLayer, name: "savedContent" | "project") =>
  data[name].query({ userId: "u" });

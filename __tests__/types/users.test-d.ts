/** What the types of `data.user(userId)` say and refuse. Compiled by `npm run test:types`, never run. */
import {
  createDataLayer,
  type DataLayer,
  type FacadeName,
  type UndeclaredItem,
  type UserErasure,
  type UserItem,
} from "bayon-coagent-data";
import { ownPeople } from "../people-entities.js";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

type Exported<L extends { user(id: string): { export(): AsyncIterable<unknown> } }> =
  ReturnType<ReturnType<L["user"]>["export"]> extends AsyncIterable<infer Item> ? Item : never;

// ---- Of the twelve: every entity, by the name of its store, and rows that none declares.

holds<Equal<UserItem["entity"], FacadeName>>();
holds<Equal<Exported<DataLayer>, UserItem | UndeclaredItem>>();

export async function narrowed(data: DataLayer): Promise<string[]> {
  const texts: string[] = [];
  for await (const item of data.user("u").export()) {
    if (item.entity === null) texts.push(item.attributes.PK);
    else if (item.entity === "review") texts.push(item.agentId);
    else texts.push(item.userId);
    if (item.entity === "savedContent") texts.push(item.data.content);
    // @ts-expect-error only a row of no entity has attributes
    void item.attributes;
  }
  return texts;
}

export async function refused(data: DataLayer): Promise<void> {
  // @ts-expect-error an id is a text
  data.user({ userId: "u" });
  // @ts-expect-error misspelt
  data.user("u").export({ secret: "reveal" });
  // @ts-expect-error one of two words
  data.user("u").export({ secrets: true });
  // @ts-expect-error it has no page
  await data.user("u").erase({ limit: 5 });
  // @ts-expect-error its user is fixed
  await data.forUser("u").user("u2");
  // @ts-expect-error the scope of a part of a key is of no user
  void data.scope({ userId: "u" }).user;
}

holds<Equal<Awaited<ReturnType<ReturnType<DataLayer["user"]>["erase"]>>, UserErasure>>();

// ---- Of an application's own: those whose partitions are made of a user's id alone.

const layer = createDataLayer({ entities: ownPeople });
const alone = createDataLayer({ entities: ownPeople, builtIn: false });
type Own = "note" | "pass" | "client" | "deed" | "referral";
holds<Equal<Exported<typeof layer>["entity"], FacadeName | Own | null>>();
holds<Equal<Exported<typeof alone>["entity"], Own | null>>();
const scoped = layer.forUser("u");
const scopedAlone = alone.forUser("u");
type ExportedOf<U extends { export(): AsyncIterable<unknown> }> =
  ReturnType<U["export"]> extends AsyncIterable<infer Item> ? Item : never;
holds<Equal<ExportedOf<typeof scoped.user>, Exported<typeof layer>>>();
holds<Equal<ExportedOf<typeof scopedAlone.user>, Exported<typeof alone>>>();

export async function own(): Promise<string[]> {
  const texts: string[] = [];
  for await (const item of alone.user("u").export()) {
    if (item.entity === "client") texts.push(item.agentId, item.clientId, item.data.text);
    // @ts-expect-error a member is not in the user's partitions
    if (item.entity === "member") texts.push("never");
  }
  return texts;
}

// @ts-expect-error a data layer has something else under this name
createDataLayer({ entities: { user: ownPeople.note } });

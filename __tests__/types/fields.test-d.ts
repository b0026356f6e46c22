/** What `fields` promises and refuses: paths into a payload, and exactly these parts in the result. */
import type { DataLayer, ExactNumber, PartOf, PathIn } from "bayon-coagent-data";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

declare const data: DataLayer;

interface Page {
  name: string;
  note?: string | null;
  body: { title: string; seo?: { words: string[]; score: number }; tags: Set<string> };
  maybe?: { a: number; b: { c: string } };
  either: string | { x: number };
  bytes: Uint8Array;
  list: { y: number }[];
  any: unknown;
  record: Record<string, { n: number }>;
  exact: ExactNumber;
  amount?: number | bigint | ExactNumber;
  day: Date;
}

// ---- Paths.

holds<["body", "seo", "score"] extends PathIn<Page> ? true : false>();
holds<["maybe", "b", "c"] extends PathIn<Page> ? true : false>();
holds<["either", "x"] extends PathIn<Page> ? true : false>();
holds<["any", "what", "ever"] extends PathIn<Page> ? true : false>();
holds<["record", "one", "n"] extends PathIn<Page> ? true : false>();
holds<["record", "one", "m"] extends PathIn<Page> ? false : true>();
holds<["body", "none"] extends PathIn<Page> ? false : true>();
holds<["name", "length"] extends PathIn<Page> ? false : true>();
holds<["list", "length"] extends PathIn<Page> ? false : true>();
holds<["bytes", "buffer"] extends PathIn<Page> ? false : true>();
holds<["body", "tags", "size"] extends PathIn<Page> ? false : true>();
holds<["exact", "text"] extends PathIn<Page> ? false : true>();
holds<["amount", "text"] extends PathIn<Page> ? false : true>();
holds<["amount"] extends PathIn<Page> ? true : false>();
holds<["day", "getTime"] extends PathIn<Page> ? false : true>();

interface Tree {
  left?: Tree;
  leaf: string;
}
holds<["left", "left", "left", "leaf"] extends PathIn<Tree> ? true : false>();

// ---- Parts: what is there in any case, and what may be missing.

holds<Equal<PartOf<Page, "name" | "note">, { name: string; note?: string | null }>>();
holds<Equal<PartOf<Page, readonly ["body", "title"]>, { body: { title: string } }>>();
holds<
  Equal<
    PartOf<Page, "name" | readonly ["body", "title"] | readonly ["body", "seo", "score"]>,
    { name: string; body: { title: string; seo?: { score: number } } }
  >
>();
// Without a part that is always there, the map may be missing: DynamoDB returns no empty one.
holds<
  Equal<
    PartOf<Page, readonly ["body", "seo"]>,
    { body?: { seo?: { words: string[]; score: number } } }
  >
>();
holds<Equal<PartOf<Page, readonly ["maybe", "b", "c"]>, { maybe?: { b: { c: string } } }>>();
holds<Equal<PartOf<Page, readonly ["either", "x"]>, { either?: { x: number } }>>();
holds<Equal<PartOf<Page, readonly ["record", "one", "n"]>, { record?: { one?: { n: number } } }>>();
// A field that is wanted as a whole is there as a whole.
holds<Equal<PartOf<Page, "body" | readonly ["body", "title"]>, Pick<Page, "body">>>();
holds<Equal<PartOf<Page, readonly ["name"]>, { name: string }>>();
holds<Equal<keyof PartOf<Page, never>, never>>();

// ---- In calls.

export async function calls(): Promise<void> {
  const key = { agentId: "a", reviewId: "r" };
  const part = await data.review.getOrThrow(key, { fields: ["rating", ["author", "name"]] });
  holds<Equal<(typeof part)["data"], { rating: number | string; author: { name: string } }>>();
  part.createdAt.toFixed();
  part.reviewId.trim();
  // @ts-expect-error a field that was not asked for
  void part.data.comment;

  const alone = await data.review.getOrThrow(key, { fields: [] });
  holds<Equal<keyof (typeof alone)["data"], never>>();
  alone.updatedAt.toFixed();

  const content = { userId: "u", contentId: "c" };
  const seo = await data.savedContent.get(content, { fields: [["metadata", "seo"]] });
  holds<Equal<NonNullable<typeof seo>["data"], { metadata?: { seo?: unknown } }>>();

  const { items } = await data.review.query({ agentId: "a" }, { fields: [["author", "name"]] });
  items[0]?.data.author.name.trim();
  const by = await data.review.queryBy("byReviewId", { reviewId: "r" }, { fields: [] });
  holds<Equal<keyof (typeof by.items)[0]["data"], never>>();
  for await (const one of data.review.list({ agentId: "a" }, { fields: [["author", "name"]] })) {
    one.data.author.name.trim();
  }
  const [got] = await data.review.batchGet([key], { fields: [["author", "name"]] });
  got?.data.author.name.trim();
  for await (const page of data.review.scan({ fields: [["author", "name"]] })) {
    page.items[0]?.data.author.name.trim();
  }
  const mine = await data
    .forUser("u")
    .review.get({ reviewId: "r" }, { fields: [["author", "name"]] });
  mine?.data.author.name.trim();

  // @ts-expect-error no such field in the map
  await data.review.get(key, { fields: [["author", "nmae"]] });
  // @ts-expect-error no such field
  await data.review.get(key, { fields: [["autor", "name"]] });
  // @ts-expect-error a path into a text
  await data.review.get(key, { fields: [["comment", "length"]] });
  // @ts-expect-error a list position: lists are read as a whole
  await data.brandAudit.get({ userId: "u", auditId: "a" }, { fields: [["results", 0]] });
  // @ts-expect-error an empty path
  await data.review.get(key, { fields: [[]] });
}

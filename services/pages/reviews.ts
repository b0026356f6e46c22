/** Reviews by their id alone, of one agent, and of several. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Review } from "../../entities/review.js";
import { type Call, type CallOptions, limitsOf, perform } from "../../src/call/call.js";
import { readEach } from "../../src/entity/each.js";
import { isOf, itemOf } from "../../src/entity/item.js";
import { type EntityModel, keyContext } from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import { keyText } from "../../src/errors/key-text.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import { keyLengthRule, keyPartRule, keyPartsOf } from "../../src/keys/template.js";
import { pagesOf } from "../../src/read/paging.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { RawItem } from "../../src/table/table.js";
import { epochMsOf } from "../../src/values/timestamps.js";
import { conditionFailed } from "../../src/write/refusals.js";
import { newestFirst } from "../order.js";
import type { StoresOf } from "./stores-of.js";

export interface Reviews {
  /**
   * The review with this id, of whichever agent, or `null`. If several agents have one, that of the
   * first agent id. One request on GSI1 (per MB of items with the id there); adopted items only.
   * @example
   * const review = await data.reviews.byId("review-7");
   */
  byId(reviewId: string, options?: CallOptions): Promise<Review | null>;
  /**
   * Deletes the review with this id and returns it, or `null`. Two requests; adopted items only.
   * @throws ConditionalCheckFailedError that names the agents, if several have such a review. Nothing is
   * deleted then; `review.delete` deletes the one of a given agent
   */
  deleteById(reviewId: string, options?: CallOptions): Promise<Review | null>;
  /**
   * The `n` newest reviews of an agent, by their own date, else by CreatedAt. There is no index for
   * this, so the agent's whole partition is read: one request per MB.
   */
  newest(agentId: string, n: number, options?: CallOptions): Promise<Review[]>;
  /** All reviews of each agent, in the order of the ids: one query per agent, all at once. */
  ofAgents(agentIds: readonly string[], options?: CallOptions): Promise<Review[][]>;
}

/** How many agents a message names. */
const mostNamed = 5;

export function createReviews(context: StoreContext, stores: StoresOf<"reviews", "byId">): Reviews {
  return {
    byId: async (reviewId, options = {}) =>
      perform(idContext(stores, "reviews.byId", reviewId), options, async (running) => {
        for await (const review of withId(context, stores, reviewId, running)) return review;
        return null;
      }),
    deleteById: async (reviewId, options = {}) => {
      const call = idContext(stores, "reviews.deleteById", reviewId);
      // One deadline for both requests.
      return perform(call, options, (running) => deleteById(context, stores, reviewId, running));
    },
    newest: (agentId, n, options = {}) => newest(stores, agentId, n, options),
    ofAgents: (agentIds, options = {}) => ofAgents(stores, agentIds, options),
  };
}

/** @throws ValidationError for an id that is no key */
function idContext(
  stores: StoresOf<"reviews", "byId">,
  operation: string,
  reviewId: string,
): CallContext {
  const { model } = internalsOf(stores.review);
  const call = keyContext(model, operation, { reviewId }, ["reviewId"]);
  const rule = keyPartRule(reviewId) ?? keyLengthRule("sort", model.sk.build({ reviewId }));
  if (rule !== undefined) throw invalidAt(call, "reviewId", rule);
  return call;
}

/** The reviews with an id, in order of their agents' ids. Other items with the id are passed over. */
async function* withId(
  { transport }: StoreContext,
  stores: StoresOf<"reviews", "byId">,
  reviewId: string,
  call: Call,
): AsyncGenerator<Review> {
  const { model } = internalsOf(stores.review);
  const query = stores.review.entity.query.byReviewId({ reviewId });
  const input: QueryCommandInput = query.params();
  for await (const { items } of pagesOf(transport, input, call)) {
    for (const raw of items) {
      if (hasId(model, reviewId, raw)) yield itemOf(model, raw) as unknown as Review;
    }
  }
}

async function deleteById(
  context: StoreContext,
  stores: StoresOf<"reviews", "byId">,
  reviewId: string,
  call: Call,
): Promise<Review | null> {
  const agentIds: string[] = [];
  for await (const review of withId(context, stores, reviewId, call)) agentIds.push(review.agentId);
  const [agentId] = agentIds;
  if (agentId === undefined) return null;
  if (agentIds.length > 1) {
    const named = agentIds.slice(0, mostNamed).map((id) => keyText({ agentId: id }));
    if (agentIds.length > mostNamed) named.push("…");
    const rule = `${agentIds.length} agents have a review with this id (${named.join(", ")}): delete one by its whole key`;
    throw conditionFailed(call.context, rule, { item: null });
  }
  return stores.review.delete({ agentId, reviewId }, { signal: call.signal });
}

async function newest(
  stores: StoresOf<"reviews", "byId">,
  agentId: string,
  n: number,
  options: CallOptions,
): Promise<Review[]> {
  const { model } = internalsOf(stores.review);
  const call = keyContext(model, "reviews.newest", { agentId }, ["agentId"]);
  if (!(Number.isInteger(n) && n >= 1)) {
    throw invalidAt(call, "n", "must be an integer from 1");
  }
  const { items } = await stores.review.query({ agentId }, limitsOf(call, options));
  return newestReviews(items).slice(0, n);
}

async function ofAgents(
  stores: StoresOf<"reviews", "byId">,
  agentIds: readonly string[],
  options: CallOptions,
): Promise<Review[][]> {
  const { model, writes } = internalsOf(stores.review);
  const call = { operation: "reviews.ofAgents", entity: model.name };
  const limits = limitsOf(call, options);
  // All ids are checked before the first agent's reviews are read.
  const wanted = readEach(agentIds, "agentIds", call, (id) => {
    const { agentId = "" } = writes.input.partition({ agentId: id }, call);
    return agentId;
  });
  const different = [...new Set(wanted)];
  const found = new Map(
    await Promise.all(
      different.map(async (id): Promise<[string, Review[]]> => {
        const { items } = await stores.review.query({ agentId: id }, limits);
        return [id, items];
      }),
    ),
  );
  return wanted.map((id) => [...(found.get(id) ?? [])]);
}

/**
 * Whether an item of the index is a review with this id, by its own keys as well as by its index keys:
 * a writer that goes past the stores can give an item any index keys.
 */
function hasId(model: EntityModel, reviewId: string, raw: RawItem): boolean {
  const { pk, sk, indexes } = model;
  const byReviewId = indexes.find(({ name }) => name === "byReviewId");
  return (
    isOf(model, raw) &&
    raw.SK === sk.build({ reviewId }) &&
    raw.PK.startsWith(pk.prefix) &&
    raw.GSI1SK === byReviewId?.sk.template.build(keyPartsOf(model, raw))
  );
}

/** A copy, newest first by the review's own date, else by its creation; then by id. */
export function newestReviews(reviews: readonly Review[]): Review[] {
  return newestFirst(reviews, ({ data, createdAt, reviewId }) => [
    epochMsOf(data.date) ?? createdAt,
    reviewId,
  ]);
}

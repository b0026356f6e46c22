/** Reviews by what the application knows of them: an id alone, an agent, several agents. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { type CallOptions, limitsOf, perform } from "../src/call.js";
import { keyContext } from "../src/entity-model.js";
import type { StoreContext } from "../src/entity-store.js";
import { invalid } from "../src/errors.js";
import { itemOf } from "../src/item.js";
import { keyLengthRule, keyPartRule } from "../src/keys.js";
import type { ItemOf } from "../src/store-types.js";
import type { RawItem } from "../src/table.js";
import { epochMsOf } from "../src/timestamps.js";
import { newestFirst } from "./order.js";
import type { Specs, Stores } from "./stores.js";

export type ReviewItem = ItemOf<Specs["review"]>;

export interface Reviews {
  /** The review with this id, of whichever agent, or `null`. One request on GSI1; adopted items only. */
  byId(reviewId: string, options?: CallOptions): Promise<ReviewItem | null>;
  /** Deletes the review with this id and returns it, or `null`. Two requests; adopted items only. */
  deleteById(reviewId: string, options?: CallOptions): Promise<ReviewItem | null>;
  /**
   * The newest reviews of an agent, by their own date, else by CreatedAt. There is no index for
   * it: the agent's partition is read, one request per MB.
   */
  newest(agentId: string, n: number, options?: CallOptions): Promise<ReviewItem[]>;
  /** Every review of several agents, in the order of the ids: one query each, all in one wave. */
  ofAgents(agentIds: readonly string[], options?: CallOptions): Promise<ReviewItem[][]>;
}

export function createReviews(context: StoreContext, stores: Stores): Reviews {
  const { transport } = context;
  const byId: Reviews["byId"] = async (reviewId, options = {}) => {
    const { model } = stores.review;
    const call = keyContext(model, "reviews.byId", { reviewId }, ["reviewId"]);
    const rule = keyPartRule(reviewId) ?? keyLengthRule("sort", model.sk.build({ reviewId }));
    if (rule !== undefined) throw invalid(call, [{ path: "reviewId", message: rule }]);
    return perform(call, options, async (running) => {
      const query = stores.review.entity.query.byReviewId({ reviewId });
      const input: QueryCommandInput = { ...query.params(), Limit: 1 };
      const { Items = [] } = await transport.send("Query", input, running);
      const raw = Items[0] as RawItem | undefined;
      return raw === undefined ? null : (itemOf(model, raw) as unknown as ReviewItem);
    });
  };
  return {
    byId,
    deleteById: async (reviewId, options = {}) => {
      const call = keyContext(stores.review.model, "reviews.deleteById", { reviewId }, [
        "reviewId",
      ]);
      // One deadline for both requests.
      return perform(call, options, async ({ signal }) => {
        const review = await byId(reviewId, { signal });
        return review === null
          ? null
          : stores.review.delete({ agentId: review.agentId, reviewId }, { signal });
      });
    },
    newest: async (ofAgent, n, options = {}) => {
      const call = keyContext(stores.review.model, "reviews.newest", { agentId: ofAgent }, [
        "agentId",
      ]);
      if (!(Number.isInteger(n) && n >= 1)) {
        throw invalid(call, [{ path: "n", message: "must be an integer from 1" }]);
      }
      const limits = limitsOf(call, options);
      const { items } = await stores.review.query({ agentId: ofAgent }, limits);
      return newestReviews(items).slice(0, n);
    },
    ofAgents: async (agentIds, options = {}) => {
      const { model, writes } = stores.review;
      const call = { operation: "reviews.ofAgents", entity: model.name };
      const limits = limitsOf(call, options);
      // All of them before the first is read.
      const wanted = writes.input.each(agentIds, "agentIds", call, (id, at) => {
        const { agentId = "" } = writes.input.partition({ agentId: id }, at);
        return agentId;
      });
      const different = [...new Set(wanted)];
      const found = new Map(
        await Promise.all(
          different.map(async (id): Promise<[string, ReviewItem[]]> => {
            const { items } = await stores.review.query({ agentId: id }, limits);
            return [id, items];
          }),
        ),
      );
      return wanted.map((id) => [...(found.get(id) ?? [])]);
    },
  };
}

/** A copy, newest first by the review's own date, else by its creation; then by id. */
export function newestReviews(reviews: readonly ReviewItem[]): ReviewItem[] {
  return newestFirst(reviews, ({ data, createdAt, reviewId }) => [
    epochMsOf(data.date) ?? createdAt,
    reviewId,
  ]);
}

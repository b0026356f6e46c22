/** Reviews by what the application knows of them: an id alone, an agent, several agents. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Review } from "../../entities/review.js";
import { type Call, type CallOptions, limitsOf, perform } from "../../src/call/call.js";
import { isOf, itemOf } from "../../src/entity/item.js";
import { type EntityModel, keyContext } from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import { invalid } from "../../src/errors/validation-error.js";
import { keyLengthRule, keyPartRule, keyPartsOf, keyText } from "../../src/keys/template.js";
import { pages } from "../../src/read/paging.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { RawItem } from "../../src/table/table.js";
import { epochMsOf } from "../../src/values/timestamps.js";
import { conditionFailed } from "../../src/write/write.js";
import { newestFirst } from "../order.js";
import type { Stores } from "../stores.js";

export interface Reviews {
  /**
   * The review with this id, of whichever agent, or `null`; where several agents have one, that of the
   * first agent id. One request on GSI1 (per MB of what carries the id there); adopted items only.
   */
  byId(reviewId: string, options?: CallOptions): Promise<Review | null>;
  /**
   * Deletes the review with this id and returns it, or `null`. Two requests; adopted items only.
   * @throws ConditionalCheckFailedError that names the agents where several have such a review:
   * nothing is deleted, `review.delete` takes one of them
   */
  deleteById(reviewId: string, options?: CallOptions): Promise<Review | null>;
  /**
   * The newest reviews of an agent, by their own date, else by CreatedAt. There is no index for
   * it: the agent's partition is read, one request per MB.
   */
  newest(agentId: string, n: number, options?: CallOptions): Promise<Review[]>;
  /** Every review of several agents, in the order of the ids: one query each, all in one wave. */
  ofAgents(agentIds: readonly string[], options?: CallOptions): Promise<Review[][]>;
}

/** Agents that a message names. */
const mostNamed = 5;

export function createReviews(context: StoreContext, stores: Stores): Reviews {
  const { transport } = context;
  /** Made when it is asked for: a first ElectroDB entity costs milliseconds. */
  const modelOf = () => internalsOf(stores.review).model;

  function contextOf(operation: string, reviewId: string): CallContext {
    const model = modelOf();
    const call = keyContext(model, operation, { reviewId }, ["reviewId"]);
    const rule = keyPartRule(reviewId) ?? keyLengthRule("sort", model.sk.build({ reviewId }));
    if (rule !== undefined) throw invalid(call, [{ path: "reviewId", message: rule }]);
    return call;
  }

  /** The reviews with an id, in order of their agents' ids; what else carries the id is passed over. */
  async function* withId(reviewId: string, call: Call): AsyncGenerator<Review> {
    const model = modelOf();
    const query = stores.review.entity.query.byReviewId({ reviewId });
    const input: QueryCommandInput = query.params();
    for await (const { items } of pages(transport, input, call)) {
      for (const raw of items) {
        if (hasId(model, reviewId, raw)) yield itemOf(model, raw) as unknown as Review;
      }
    }
  }

  return {
    byId: async (reviewId, options = {}) =>
      perform(contextOf("reviews.byId", reviewId), options, async (running) => {
        for await (const review of withId(reviewId, running)) return review;
        return null;
      }),
    deleteById: async (reviewId, options = {}) => {
      const call = contextOf("reviews.deleteById", reviewId);
      // One deadline for both requests.
      return perform(call, options, async (running) => {
        const agentIds: string[] = [];
        for await (const review of withId(reviewId, running)) agentIds.push(review.agentId);
        const [agentId] = agentIds;
        if (agentId === undefined) return null;
        if (agentIds.length > 1) {
          const named = agentIds.slice(0, mostNamed).map((id) => keyText({ agentId: id }));
          if (agentIds.length > mostNamed) named.push("…");
          const rule = `${agentIds.length} agents have a review with this id (${named.join(", ")}): delete one by its whole key`;
          throw conditionFailed(call, rule, modelOf(), { item: null });
        }
        return stores.review.delete({ agentId, reviewId }, { signal: running.signal });
      });
    },
    newest: async (ofAgent, n, options = {}) => {
      const call = keyContext(
        internalsOf(stores.review).model,
        "reviews.newest",
        { agentId: ofAgent },
        ["agentId"],
      );
      if (!(Number.isInteger(n) && n >= 1)) {
        throw invalid(call, [{ path: "n", message: "must be an integer from 1" }]);
      }
      const limits = limitsOf(call, options);
      const { items } = await stores.review.query({ agentId: ofAgent }, limits);
      return newestReviews(items).slice(0, n);
    },
    ofAgents: async (agentIds, options = {}) => {
      const { model, writes } = internalsOf(stores.review);
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
          different.map(async (id): Promise<[string, Review[]]> => {
            const { items } = await stores.review.query({ agentId: id }, limits);
            return [id, items];
          }),
        ),
      );
      return wanted.map((id) => [...(found.get(id) ?? [])]);
    },
  };
}

/**
 * Whether an item of the index is a review with this id: its own keys say the same as its index keys.
 * Whoever writes an item past the stores can give it any index keys.
 */
function hasId(model: EntityModel, reviewId: string, raw: RawItem): boolean {
  const { pk, sk, gsi1sk } = model;
  return (
    isOf(model, raw) &&
    raw.SK === sk.build({ reviewId }) &&
    raw.PK.startsWith(pk.prefix) &&
    raw.GSI1SK === gsi1sk?.build(keyPartsOf(model, raw))
  );
}

/** A copy, newest first by the review's own date, else by its creation; then by id. */
export function newestReviews(reviews: readonly Review[]): Review[] {
  return newestFirst(reviews, ({ data, createdAt, reviewId }) => [
    epochMsOf(data.date) ?? createdAt,
    reviewId,
  ]);
}

/** The queries of a store: of its partitions, and of its indexes by their names. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { type CallOptions, limitsOf, perform, reading, throwIfAborted } from "../call/call.js";
import type { InputReader } from "../entity/input.js";
import type { AnyItem } from "../entity/item.js";
import { type EntityModel, keyContext } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { type CountPlan, countItems, planCount } from "../read/count.js";
import { listItems, queryItems } from "../read/query.js";
import { indexNamed, planQueryBy, reachBy } from "../read/query-by.js";
import {
  checkedPaging,
  type GivenOptions,
  type GivenPaging,
  planQuery,
  type QueryPlan,
  reachOf,
} from "../read/query-plan.js";
import { type Directions, type StartedQuery, startedAt } from "../read/start.js";
import type { CursorSeal } from "../secrets/cursor-seal.js";
import type { Transport } from "../transport/transport.js";
import {
  countByOptionNames,
  countOptionNames,
  type QueryPage,
  queryByOptionNames,
  queryOptionNames,
} from "./store-types.js";

/** What queries need of their store. */
interface QueryContext {
  readonly transport: Transport;
  readonly tableName: string;
  readonly cursorSeal: CursorSeal | undefined;
}

/** A checked query: an encrypted cursor is opened when the plan is requested. */
interface PlannedQuery {
  readonly context: CallContext;
  readonly limits: CallOptions;
  readonly plan: () => StartedQuery | Promise<StartedQuery>;
}

/** A checked count. */
interface PlannedCount {
  readonly context: CallContext;
  readonly limits: CallOptions;
  readonly plan: CountPlan;
}

export class Queries {
  readonly #model: EntityModel;
  readonly #input: InputReader;
  readonly #context: QueryContext;

  constructor(model: EntityModel, input: InputReader, context: QueryContext) {
    this.#model = model;
    this.#input = input;
    this.#context = context;
  }

  /** Checks a query of a partition at once, except for an encrypted cursor. @throws ValidationError */
  plan(operation: "query" | "list", partition: unknown, options: object): PlannedQuery {
    const model = this.#model;
    return reading({ operation, entity: model.name }, () => {
      const context = keyContext(model, operation, partition, model.pk.parts);
      const limits = limitsOf(context, options, queryOptionNames);
      const parts = this.#input.partition(partition, context);
      const first = planQuery(model, this.#context.tableName, parts, options, context);
      return {
        context,
        limits,
        plan: this.#started(first, context, operation === "query" ? "both" : "forward"),
      };
    });
  }

  /** The same for a query of an index by its name. */
  planBy(
    operation: "queryBy" | "listBy",
    name: unknown,
    parts: unknown,
    options: object,
  ): PlannedQuery {
    const model = this.#model;
    const context: CallContext = { operation, entity: model.name };
    return reading(context, () => {
      const limits = limitsOf(context, options, queryByOptionNames);
      const index = indexNamed(model, name, context);
      const first = planQueryBy(model, this.#context.tableName, index, parts, options, context);
      return {
        context,
        limits,
        plan: this.#started(first, context, operation === "queryBy" ? "both" : "forward"),
      };
    });
  }

  /** Checks a count of a partition's items at once. @throws ValidationError */
  planCount(partition: unknown, options: (CallOptions & GivenOptions) | null): PlannedCount {
    const model = this.#model;
    return reading({ operation: "count", entity: model.name }, () => {
      const context = keyContext(model, "count", partition, model.pk.parts);
      const limits = limitsOf(context, options, countOptionNames);
      const parts = this.#input.partition(partition, context);
      const given = options ?? {};
      const reach = reachOf(model, parts, given, checkedPaging(given, context), context);
      const plan = planCount(model, this.#context.tableName, reach, given.where, context);
      return { context, limits, plan };
    });
  }

  /** The same for a count of an index's items. */
  planCountBy(
    name: unknown,
    parts: unknown,
    options: (CallOptions & GivenPaging) | null,
  ): PlannedCount {
    const model = this.#model;
    const context: CallContext = { operation: "countBy", entity: model.name };
    return reading(context, () => {
      const limits = limitsOf(context, options, countByOptionNames);
      const index = indexNamed(model, name, context);
      const given = options ?? {};
      const reach = reachBy(model, index, parts, given, checkedPaging(given, context), context);
      const plan = planCount(model, this.#context.tableName, reach, given.where, context);
      return { context, limits, plan };
    });
  }

  #started(first: QueryPlan, context: CallContext, takes: Directions): PlannedQuery["plan"] {
    const { cursorSeal } = this.#context;
    const { cursor } = first;
    if (cursorSeal === undefined || cursor === null) {
      const started = startedAt(first, cursor, context, takes);
      return () => started;
    }
    return async () => startedAt(first, await cursorSeal.open(cursor, context), context, takes);
  }

  /** One page. */
  page({ context, limits, plan }: PlannedQuery): Promise<QueryPage<AnyItem>> {
    return perform(context, limits, async (call) => {
      const { transport, cursorSeal } = this.#context;
      const page = await queryItems(transport, this.#model, await plan(), call);
      if (cursorSeal === undefined) return page;
      const seal = (cursor: string | null) => (cursor === null ? null : cursorSeal.seal(cursor));
      const [cursor, previous] = await Promise.all([seal(page.cursor), seal(page.previous)]);
      return { ...page, cursor, previous };
    });
  }

  count({ context, limits, plan }: PlannedCount): Promise<number> {
    const { transport } = this.#context;
    return perform(context, limits, (call) => countItems(transport, plan, call));
  }

  /** All items, one after the other. */
  items({ context, limits, plan }: PlannedQuery): AsyncIterable<AnyItem> {
    const { transport } = this.#context;
    const throwIfEnded = () => {
      throwIfAborted(context, limits.signal);
      transport.throwIfClosed();
    };
    const readPage = (input: QueryCommandInput) =>
      perform(context, limits, (call) => transport.send("Query", input, call));
    // Each loop over the result starts a new generator: a second loop over the same one would find
    // nothing.
    return {
      [Symbol.asyncIterator]: () => listItems(readPage, this.#model, plan, throwIfEnded),
    };
  }
}

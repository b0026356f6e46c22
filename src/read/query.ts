/** Queries of one entity: converts pages to items, and the end of a page to a cursor. */
import type { Call } from "../call/call.js";
import { type AnyItem, itemOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { encodeCursor } from "./cursor.js";
import { PageLimit } from "./page-limit.js";
import { type PageRequest, pages, pagesOf } from "./paging.js";
import type { QueryPlan } from "./query-plan.js";
import type { StartedQuery } from "./start.js";

/** A page, and what leads to the pages around it. */
export interface ReadPage {
  readonly items: AnyItem[];
  readonly cursor: string | null;
  readonly previous: string | null;
}

/**
 * Reads up to `limit` items, and returns cursors for the pages around them. A page that is read against the
 * query's order keeps that order.
 */
export async function queryItems(
  transport: Transport,
  model: EntityModel,
  plan: StartedQuery,
  call: Call,
): Promise<ReadPage> {
  const { binding, isBackward, isAtEdge } = plan;
  const { items, first, last, isMore } = await readPage(transport, model, plan, call);
  const onwards = isMore ? encodeCursor(binding, last, isBackward) : null;
  // An empty page is at an end of the query: from there, the other way leads over all of it.
  const back = isAtEdge ? null : encodeCursor(binding, first, !isBackward);
  return isBackward
    ? { items: items.reverse(), cursor: back, previous: onwards }
    : { items, cursor: onwards, previous: back };
}

/** Up to `limit` items as they were read, the first and the last as they are stored, and whether there are more. */
interface RawPage {
  readonly items: AnyItem[];
  readonly first: RawItem | undefined;
  readonly last: RawItem | undefined;
  readonly isMore: boolean;
}

/**
 * Requests one item more than the limit, because DynamoDB reports that there may be more if exactly
 * the remaining items are requested. No request is made for that item alone.
 */
async function readPage(
  transport: Transport,
  model: EntityModel,
  { input, limit, filtered, fields, isWithin }: QueryPlan,
  call: Call,
): Promise<RawPage> {
  const items: AnyItem[] = [];
  let first: RawItem | undefined;
  let last: RawItem | undefined;
  // With a filter, DynamoDB's `Limit` counts the items read, not the matches, so the page is cut here.
  const pageLimit = new PageLimit();
  const limitOf = () =>
    filtered || limit === undefined ? undefined : pageLimit.of(limit - items.length + 1);
  for await (const page of pagesOf(transport, input, call, limitOf)) {
    const own = page.items.filter(isWithin);
    if (own.length < page.items.length) pageLimit.grow();
    for (const raw of own) {
      if (items.length === limit) return { items, first, last, isMore: true };
      items.push(itemOf(model, raw, "refuse", undefined, fields));
      first ??= raw;
      last = raw;
    }
    if (items.length === limit) return { items, first, last, isMore: page.next !== undefined };
  }
  return { items, first, last, isMore: false };
}

/**
 * Lists all items. While one page is being returned, the next is already requested.
 * @param throwIfEnded called before each item, so that an aborted call returns no more of its page
 */
export async function* listItems(
  send: PageRequest,
  model: EntityModel,
  plan: () => QueryPlan | Promise<QueryPlan>,
  throwIfEnded: () => void,
): AsyncGenerator<AnyItem, void, undefined> {
  const { input, limit, filtered, fields, isWithin } = await plan();
  let remaining = limit ?? Number.POSITIVE_INFINITY;
  const pageLimit = new PageLimit();
  const limitOf = () => (filtered || limit === undefined ? undefined : pageLimit.of(remaining));
  for await (const page of pages(send, input, limitOf)) {
    const within = page.items.filter(isWithin);
    if (within.length < page.items.length) pageLimit.grow();
    const own = within.slice(0, remaining);
    remaining -= own.length;
    if (remaining > 0) page.readAhead();
    for (const raw of own) {
      throwIfEnded();
      yield itemOf(model, raw, "refuse", undefined, fields);
    }
    if (remaining === 0) return;
  }
}

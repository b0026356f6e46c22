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

/**
 * Reads up to `limit` items, and returns a cursor if there are more.
 *
 * Requests one item more than the limit, because DynamoDB reports that there may be more if exactly
 * the remaining items are requested. No request is made for that item alone.
 */
export async function queryItems(
  transport: Transport,
  model: EntityModel,
  { input, binding, limit, filtered, fields, isWithin }: QueryPlan,
  call: Call,
): Promise<{ items: AnyItem[]; cursor: string | null }> {
  const items: AnyItem[] = [];
  let last: RawItem | undefined;
  const cursorAfterLast = () => (last === undefined ? null : encodeCursor(binding, last));
  // With a filter, DynamoDB's `Limit` counts the items read, not the matches, so the page is cut here.
  const pageLimit = new PageLimit();
  const limitOf = () =>
    filtered || limit === undefined ? undefined : pageLimit.of(limit - items.length + 1);
  for await (const page of pagesOf(transport, input, call, limitOf)) {
    const own = page.items.filter(isWithin);
    if (own.length < page.items.length) pageLimit.grow();
    for (const raw of own) {
      if (items.length === limit) return { items, cursor: cursorAfterLast() };
      items.push(itemOf(model, raw, "refuse", undefined, fields));
      last = raw;
    }
    if (items.length === limit)
      return { items, cursor: page.next === undefined ? null : cursorAfterLast() };
  }
  return { items, cursor: null };
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

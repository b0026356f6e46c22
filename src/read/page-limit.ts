/** How many items each request of a query with a limit asks for. */

/** No request asks for more than this, unless the caller does. */
const mostAtOnce = 4096;

/**
 * DynamoDB's `Limit` of a query whose pages may contain items that are passed over: expired ones, and those
 * of other entities in an index. It counts them, so that asking for what is still missing would take a
 * request for every few of them: it asks for twice as much after each page that had some.
 */
export class PageLimit {
  #factor = 1;

  /** @param wanted how many items are still missing */
  of(wanted: number): number {
    return Math.max(wanted, Math.min(wanted * this.#factor, mostAtOnce));
  }

  /** Notes that a page had items that were passed over. */
  grow(): void {
    this.#factor *= 2;
  }
}

/**
 * One of many callers: one random operation after the other, on items of its own and on shared ones.
 */
import { type CallOptions, type DataLayer, ItemNotFoundError } from "../../src/index.js";
import type { Random } from "../seed/random.js";
import type { Ledger } from "./ledger.js";
import type { Mark } from "./mark.js";

/** Items that all workers write to. */
export interface Shared {
  readonly counters: Map<string, Counter>;
  /** Pairs of items that only transactions write, both at once. */
  readonly pairs: readonly string[];
  /** Marks of creates that failed but may have been carried out. */
  readonly openCreates: Set<string>;
}

/**
 * The range in which a counter must be: its acknowledged increments, and those that may have been
 * made.
 */
export interface Counter {
  acknowledged: number;
  open: number;
}

/** The user whose items all workers share. */
export const sharedUser = "shared";

export interface WorkerOptions {
  readonly data: DataLayer;
  readonly ledger: Ledger;
  readonly shared: Shared;
  readonly random: Random;
  readonly userId: string;
  readonly transactions: boolean;
  /** A signal that lives as long as the application; some calls get it. */
  readonly signal: AbortSignal;
}

/**
 * The number of created items that a worker keeps. Beyond it, it deletes the oldest, so that the
 * table does not grow.
 */
const keptCreations = 20;
const contents = 10;
const competitors = 60;

type Operation = () => Promise<unknown>;

/** @returns a function that runs one random operation to its end */
export function createWorker(options: WorkerOptions): Operation {
  const { data, ledger, shared, random, userId, transactions, signal } = options;
  const { savedContent, project, competitor, userProfile } = data;
  const agentId = userId;
  const created: string[] = [];
  const contentPlace = (contentId: string) => `${userId}/content/${contentId}`;
  const projectPlace = (projectId: string) => `${userId}/project/${projectId}`;
  const competitorPlace = (id: string) => `${userId}/competitor/${id}`;
  const profilePlace = `${userId}/profile/`;
  const anyContent = () => `c${random.integer(0, contents - 1)}`;
  const content = (mark: string) => ({ type: "Soak", content: mark });
  const markOf = (item: { data: { content?: unknown } } | null | undefined) =>
    (item?.data.content ?? null) as Mark;
  const nameOf = (item: { data: { name?: unknown } } | null | undefined) =>
    (item?.data.name ?? null) as Mark;

  /** Some calls have limits, because such calls go another way through the SDK than those without. */
  const limits = (): CallOptions => {
    if (random.chance(0.15)) return { signal };
    return random.chance(0.05) ? { timeoutMs: 60_000 } : {};
  };

  /** Runs a read and compares its result; a read that fails gives no information. */
  async function reading<T>(
    read: () => Promise<T>,
    compare: (found: T, since: number) => void,
  ): Promise<void> {
    const since = performance.now();
    let found: T;
    try {
      found = await read();
    } catch (error) {
      ledger.failed(error);
      return;
    }
    compare(found, since);
  }

  async function create(): Promise<void> {
    const mark = ledger.mark();
    const since = performance.now();
    try {
      const item = await project.create({ userId, data: { name: mark } }, limits());
      if (created.includes(item.projectId)) ledger.violation(`the id ${item.projectId} came twice`);
      created.push(item.projectId);
      ledger.wrote(projectPlace(item.projectId), mark, since);
    } catch (error) {
      ledger.failed(error);
      // Nobody knows its id. At the end the item is looked up by its mark, and may exist at most
      // once.
      if ((error as { mayHaveBeenDone?: boolean }).mayHaveBeenDone) shared.openCreates.add(mark);
    }
    if (created.length <= keptCreations) return;
    const [projectId = ""] = created;
    const place = projectPlace(projectId);
    await ledger.write([{ place, mark: null }], () => project.delete({ userId, projectId }));
    if (ledger.possible(place).size > 1) return;
    created.shift();
    ledger.forget(place);
  }

  async function createWithId(): Promise<void> {
    const contentId = anyContent();
    const place = contentPlace(contentId);
    const mark = ledger.mark();
    const run = async () => {
      const item = await savedContent.create({ userId, contentId, data: content(mark) }, limits());
      // Compared when it is done: what was there may have been deleted late.
      if (!ledger.mayHold(place, null)) ledger.violation(`create replaced what was at ${place}`);
      return item;
    };
    await ledger.write([{ place, mark }], run, ["ConditionalCheckFailedError"]);
  }

  async function put(): Promise<void> {
    const contentId = anyContent();
    const mark = ledger.mark();
    await ledger.write([{ place: contentPlace(contentId), mark }], () =>
      savedContent.put({ userId, contentId, data: content(mark) }, limits()),
    );
  }

  async function update(): Promise<void> {
    const contentId = anyContent();
    const place = contentPlace(contentId);
    const mark = ledger.mark();
    const isGone = () => {
      const before = ledger.possible(place);
      return before.size === 1 && before.has(null) && !ledger.wasWrittenLate(place);
    };
    const run = async () => {
      try {
        const item = await savedContent.update({ userId, contentId }, { content: mark }, limits());
        if (isGone()) ledger.violation(`update made an item at ${place}`);
        return item;
      } catch (error) {
        if (error instanceof ItemNotFoundError && !ledger.mayHold(place, null)) {
          ledger.violation(`update missed the item at ${place}`);
        }
        throw error;
      }
    };
    await ledger.write([{ place, mark }], run, ["ItemNotFoundError"]);
  }

  async function remove(): Promise<void> {
    const contentId = anyContent();
    await ledger.write([{ place: contentPlace(contentId), mark: null }], () =>
      savedContent.delete({ userId, contentId }, limits()),
    );
  }

  async function get(): Promise<void> {
    const ids = random.sample(
      Array.from({ length: contents }, (_, n) => `c${n}`),
      5,
    );
    // Together, so that they are one request.
    const each = ids.map((contentId) =>
      reading(
        () => savedContent.get({ userId, contentId }, { consistent: true, ...limits() }),
        (item, since) => ledger.saw(contentPlace(contentId), markOf(item), "get", since),
      ),
    );
    await Promise.all(each);
  }

  function compareContents(
    items: readonly { contentId: string; data: object }[],
    how: string,
    since: number,
  ) {
    const found = new Map(items.map((item) => [item.contentId, item]));
    for (let n = 0; n < contents; n += 1) {
      ledger.saw(contentPlace(`c${n}`), markOf(found.get(`c${n}`)), how, since);
    }
    if (found.size !== items.length) ledger.violation(`${how} of ${userId} found an item twice`);
  }

  const query = () =>
    reading(
      () => savedContent.query({ userId }, { limit: 100, ...limits() }),
      ({ items }, since) => compareContents(items, "query", since),
    );

  const list = () =>
    reading(
      async () => {
        const items = [];
        for await (const item of savedContent.list({ userId }, limits())) items.push(item);
        return items;
      },
      (items, since) => compareContents(items, "list", since),
    );

  /** A reader that stops leaves nothing running. */
  const listInPart = () =>
    reading(
      async () => {
        for await (const item of project.list({ userId }, { ...limits() })) return item;
        return null;
      },
      () => undefined,
    );

  /** A read with a short time-out; if it is in time, it must be as correct as any other. */
  const impatientGet = () =>
    reading(
      () => savedContent.get({ userId, contentId: "c0" }, { timeoutMs: random.integer(1, 20) }),
      (item, since) => ledger.saw(contentPlace("c0"), markOf(item), "get", since),
    );

  const workspace = () =>
    reading(
      () => data.collections.workspace({ userId }, limits()),
      (found, since) => {
        compareContents(found.savedContent, "workspace", since);
        ledger.saw(profilePlace, nameOf(found.userProfile[0]), "workspace", since);
      },
    );

  const someCompetitors = () =>
    random
      .sample(
        Array.from({ length: competitors }, (_, n) => `k${n}`),
        random.integer(1, 40),
      )
      .map((competitorId) => ({ userId, competitorId }));

  async function batchPut(): Promise<void> {
    const items = someCompetitors().map((key) => ({ ...key, data: { name: ledger.mark() } }));
    const writes = items.map((input) => ({
      place: competitorPlace(input.competitorId),
      mark: input.data.name,
      input,
    }));
    await ledger.write(writes, () => competitor.batchPut(items, limits()));
  }

  async function batchDelete(): Promise<void> {
    const keys = someCompetitors();
    const writes = keys.map((input) => ({
      place: competitorPlace(input.competitorId),
      mark: null,
      input,
    }));
    await ledger.write(writes, () => competitor.batchDelete(keys, limits()));
  }

  async function batchGet(): Promise<void> {
    const keys = someCompetitors();
    await reading(
      () => competitor.batchGet(keys, { consistent: true, ...limits() }),
      (items, since) => {
        for (const [index, { competitorId }] of keys.entries()) {
          ledger.saw(competitorPlace(competitorId), nameOf(items[index]), "batchGet", since);
        }
      },
    );
  }

  async function saveProfile(): Promise<void> {
    const mark = ledger.mark();
    await ledger.write([{ place: profilePlace, mark }], () =>
      data.profiles.save({ userId }, { name: mark }, limits()),
    );
  }

  /** A counter that all workers increment under a lock: each acknowledged increment counts once. */
  async function increment(): Promise<void> {
    const [projectId, counter] = random.pick([...shared.counters] as [[string, Counter]]);
    const key = { userId: sharedUser, projectId };
    try {
      const item = await project.getOrThrow(key, { consistent: true });
      const name = `${Number.parseInt(item.data.name, 10) + 1}`;
      await project.update(key, { name }, { ifUpdatedAt: item.updatedAt, ...limits() });
      counter.acknowledged += 1;
    } catch (error) {
      ledger.failed(error, ["ConditionalCheckFailedError"]);
      if ((error as { mayHaveBeenDone?: boolean }).mayHaveBeenDone) counter.open += 1;
    }
  }

  /** Two items in one transaction: no reader sees one without the other. */
  async function writePair(): Promise<void> {
    const pair = random.pick(shared.pairs as [string]);
    const name = ledger.mark();
    try {
      await data.transaction.write(
        (tx) => [
          tx.project.put({ userId: sharedUser, projectId: `${pair}-a`, data: { name } }),
          tx.project.put({ userId: sharedUser, projectId: `${pair}-b`, data: { name } }),
        ],
        limits(),
      );
    } catch (error) {
      ledger.failed(error, ["TransactionCanceledError"]);
    }
  }

  async function readPair(): Promise<void> {
    const pair = random.pick(shared.pairs as [string]);
    await reading(
      () =>
        data.transaction.get(
          (tx) => [
            tx.project.get({ userId: sharedUser, projectId: `${pair}-a` }),
            tx.project.get({ userId: sharedUser, projectId: `${pair}-b` }),
          ],
          limits(),
        ),
      ([a, b]) => {
        if (nameOf(a) === nameOf(b)) return;
        ledger.violation(`half a transaction on ${pair}: ${nameOf(a)} and ${nameOf(b)}`);
      },
    );
  }

  /** A project with one content is deleted, and the content stays without it. */
  async function unfile(): Promise<void> {
    const projectId = "unfiled";
    const contentId = "c0";
    const mark = ledger.mark();
    const filed = { ...content(mark), projectId };
    const project_ = { place: projectPlace(projectId), mark };
    const made = await ledger.write([project_], () =>
      project.put({ userId, projectId, data: { name: mark } }),
    );
    const put = await ledger.write([{ place: contentPlace(contentId), mark }], () =>
      savedContent.put({ userId, contentId, data: filed }),
    );
    if (made === undefined || put === undefined) return;
    const began = performance.now();
    const done = await ledger.write([{ ...project_, mark: null }], () =>
      data.projects.deleteAndUnfile({ userId, projectId }, limits()),
    );
    if (done === undefined) return;
    await reading(
      () => savedContent.get({ userId, contentId }, { consistent: true }),
      (item, since) => {
        ledger.saw(contentPlace(contentId), markOf(item), "get", since);
        if (!item?.data.projectId || ledger.wasWrittenLate(contentPlace(contentId), began)) return;
        ledger.violation(`the content of ${userId} is filed still`);
      },
    );
  }

  /** An expired token is refreshed once for all callers who ask at the same time. */
  async function validToken(): Promise<void> {
    const token = { accessToken: ledger.mark(), refreshToken: "r", expiryDate: 0 };
    let refreshes = 0;
    const fresh = ledger.mark();
    const began = performance.now();
    const refresh = async () => {
      refreshes += 1;
      return { accessToken: fresh, expiryDate: Date.now() + 3_600_000 };
    };
    try {
      await data.oauth.store(userId, undefined, token);
      const ask = () => data.oauth.validToken(userId, undefined, { refresh, leaseMs: 2_000 });
      const tokens = await Promise.all([ask(), ask(), ask()]);
      if (tokens.some(({ accessToken }) => accessToken !== fresh)) {
        ledger.violation(`validToken of ${userId} gave a token that was not the fresh one`);
      }
      // An expired token that was stored again, late, is refreshed again.
      if (refreshes !== 1 && !ledger.wasWrittenLate(`${userId}/oauth/`, began))
        ledger.violation(`${refreshes} refreshes of one token of ${userId}`);
    } catch (error) {
      ledger.failed(error);
    }
  }

  const page = () =>
    reading(
      () => data.dashboard({ userId, agentId }, limits()),
      () => undefined,
    );
  const profile = () =>
    reading(
      () => userProfile.get({ userId }, { consistent: true }),
      (item, since) => ledger.saw(profilePlace, nameOf(item), "get", since),
    );

  const reads = [
    get,
    get,
    query,
    list,
    listInPart,
    impatientGet,
    workspace,
    batchGet,
    page,
    profile,
  ];
  const writes = [create, create, createWithId, put, put, update, update, remove];
  const more = [batchPut, batchDelete, saveProfile, increment, increment, validToken];
  const together = transactions ? [writePair, readPair, unfile] : [];
  const operations = [...reads, ...writes, ...more, ...together] as [Operation];
  return () => random.pick(operations)();
}

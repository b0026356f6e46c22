/** The calls that write: the rows of the truth table. */
import type { DataLayer } from "../../src/data-layer.js";
import type { DynamoDBRepository } from "../../src/repository/repository.js";

type Raw = Readonly<Record<string, unknown>>;

/** What a row's call is made with. */
export interface At {
  readonly id: string;
  readonly data: DataLayer;
  readonly repository: DynamoDBRepository;
  /** The call's limits. */
  readonly limits: { readonly signal?: AbortSignal; readonly timeoutMs?: number };
  /** UpdatedAt of what was there before. */
  readonly lock: number;
}

export interface Row {
  readonly name: string;
  /** How many items it writes. */
  readonly units: number;
  /** How it can be ended from without. @default by its limits, and by `close()` */
  readonly ends?: "close" | "never";
  readonly isBatch?: true;
  /** It first finds out what there is: one that ends before has nothing written, and nothing to name. */
  readonly looksFirst?: true;
  readonly needsTransactions?: true;
  /** The key of each item. @default a user's projects */
  key?(id: string, unit: number): { readonly PK: string; readonly SK: string };
  /** What is there before. @default nothing */
  readonly before?: Raw;
  /** Whether an item is as the call leaves it. */
  isDone(item: Raw | undefined): boolean;
  run(at: At): Promise<unknown>;
  /** Of a call that says by its result what it left: how many, in its inputs. */
  left?(result: unknown): number;
}

export const lock = 1_600_000_000_000;

const isNew = (item: Raw | undefined): boolean =>
  (item?.Data as { name?: string } | undefined)?.name === "new";
/** Twice is not done: it is an answer that no caller can have been told. */
const hasCounted = (item: Raw | undefined): boolean =>
  (item?.Data as { count?: number } | undefined)?.count === 1;
const hasAppended = (item: Raw | undefined): boolean =>
  (item?.Data as { list?: unknown[] } | undefined)?.list?.length === 1;
const isGone = (item: Raw | undefined): boolean => item === undefined;

const old: Raw = { EntityType: "Project", Data: { name: "old" }, CreatedAt: 1, UpdatedAt: lock };
const fields = { name: "new" } as never;

const key = (id: string, unit = 0) => ({ userId: id, projectId: `p${unit}` });
const input = (id: string, unit = 0) => ({ ...key(id, unit), data: fields });
const many = <T>(count: number, make: (unit: number) => T): T[] =>
  Array.from({ length: count }, (_, unit) => make(unit));

const raw = (id: string, unit = 0) => ({ PK: `USER#${id}`, SK: `PROJECT#p${unit}` });
const rawItem = (id: string, unit = 0) =>
  ({ ...raw(id, unit), EntityType: "Project", Data: { name: "new" } }) as never;

const native = (id: string, unit = 0) =>
  ({ ...input(id, unit), createdAt: 1, updatedAt: 1 }) as never;

/** How many a native batch left. */
const unprocessed = (result: unknown): number =>
  (result as { unprocessed: readonly unknown[] }).unprocessed.length;

export const storeRows: readonly Row[] = [
  {
    name: "create",
    units: 1,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.create(input(id), limits),
  },
  {
    name: "put",
    units: 1,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.put(input(id), limits),
  },
  {
    name: "upsert",
    units: 1,
    before: old,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.upsert(input(id), limits),
  },
  {
    name: "upsert of a new item",
    units: 1,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.upsert(input(id), limits),
  },
  {
    name: "update",
    units: 1,
    before: old,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.update(key(id), fields, limits),
  },
  {
    name: "update under a lock",
    units: 1,
    before: old,
    isDone: isNew,
    run: ({ data, id, limits, lock: ifUpdatedAt }) =>
      data.project.update(key(id), fields, { ...limits, ifUpdatedAt }),
  },
  {
    name: "update that counts",
    units: 1,
    before: old,
    isDone: hasCounted,
    run: ({ data, id, limits }) =>
      data.project.update(key(id), {}, { ...limits, add: { count: 1 } as never }),
  },
  {
    name: "update that makes a list longer",
    units: 1,
    before: old,
    isDone: hasAppended,
    run: ({ data, id, limits }) =>
      data.project.update(key(id), {}, { ...limits, append: { list: [1] } as never }),
  },
  {
    name: "put that returns what was there before",
    units: 1,
    before: old,
    isDone: isNew,
    run: ({ data, id, limits }) => data.project.put(input(id), { ...limits, returning: "both" }),
  },
  {
    name: "delete",
    units: 1,
    before: old,
    isDone: isGone,
    run: ({ data, id, limits }) => data.project.delete(key(id), limits),
  },
  {
    name: "delete under a lock",
    units: 1,
    before: old,
    isDone: isGone,
    run: ({ data, id, limits, lock: ifUpdatedAt }) =>
      data.project.delete(key(id), { ...limits, ifUpdatedAt }),
  },
  {
    name: "delete under a where",
    units: 1,
    before: old,
    isDone: isGone,
    run: ({ data, id, limits }) =>
      data.project.delete(key(id), { ...limits, where: { name: "old" } }),
  },
  {
    name: "batchPut",
    units: 10,
    isBatch: true,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.project.batchPut(
        many(10, (unit) => input(id, unit)),
        limits,
      ),
  },
  {
    name: "batchDelete",
    units: 10,
    isBatch: true,
    before: old,
    isDone: isGone,
    run: ({ data, id, limits }) =>
      data.project.batchDelete(
        many(10, (unit) => key(id, unit)),
        limits,
      ),
  },
  {
    name: "transaction.write",
    units: 2,
    needsTransactions: true,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.transaction.write(
        (tx) => [tx.project.create(input(id, 0)), tx.project.put(input(id, 1))],
        limits,
      ),
  },
];

export const otherRows: readonly Row[] = [
  {
    name: "batchPut of several requests",
    units: 60,
    isBatch: true,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.project.batchPut(
        many(60, (unit) => input(id, unit)),
        limits,
      ),
  },
  {
    name: "forUser().create",
    units: 1,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.forUser(id).project.create({ projectId: "p0", data: fields }, limits),
  },
  {
    name: "forUser().batchPut",
    units: 10,
    isBatch: true,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.forUser(id).project.batchPut(
        many(10, (unit) => ({ projectId: `p${unit}`, data: fields })),
        limits,
      ),
  },
  {
    name: "user().erase",
    units: 10,
    isBatch: true,
    looksFirst: true,
    before: old,
    isDone: isGone,
    run: ({ data, id, limits }) => data.user(id).erase(limits),
  },
  {
    name: "forUser().transaction.write",
    units: 2,
    needsTransactions: true,
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data
        .forUser(id)
        .transaction.write(
          (tx) =>
            many(2, (unit) => tx.project.create({ projectId: `p${unit}`, data: fields })) as never,
          limits,
        ),
  },
  {
    name: "profiles.save",
    units: 1,
    key: (id) => ({ PK: `USER#${id}`, SK: "AGENT#main" }),
    isDone: isNew,
    run: ({ data, id, limits }) =>
      data.profiles.save({ userId: id, agentProfileId: "main" }, { name: "new" }, limits),
  },
  {
    name: "oauth.store",
    units: 1,
    key: (id) => ({ PK: `OAUTH#${id}`, SK: "GOOGLE_BUSINESS" }),
    isDone: (item) => (item?.Data as { accessToken?: string })?.accessToken === "new",
    run: ({ data, id, limits }) => data.oauth.store(id, undefined, { accessToken: "new" }, limits),
  },
  {
    name: "oauth.remove",
    units: 1,
    key: (id) => ({ PK: `OAUTH#${id}`, SK: "GOOGLE_BUSINESS" }),
    before: { EntityType: "OAuthToken", Data: { accessToken: "old" }, CreatedAt: 1, UpdatedAt: 1 },
    isDone: isGone,
    run: ({ data, id, limits }) => data.oauth.remove(id, undefined, limits),
  },
];

export const nativeRows: readonly Row[] = [
  {
    name: "entity.create",
    units: 1,
    ends: "close",
    isDone: isNew,
    run: ({ data, id }) => data.project.entity.create(native(id)).go(),
  },
  {
    name: "entity.put",
    units: 1,
    ends: "close",
    isDone: isNew,
    run: ({ data, id }) => data.project.entity.put(native(id)).go(),
  },
  {
    name: "entity.patch",
    units: 1,
    ends: "close",
    before: old,
    isDone: isNew,
    run: ({ data, id }) => data.project.entity.patch(key(id)).set({ data: fields }).go(),
  },
  {
    name: "entity.delete",
    units: 1,
    ends: "close",
    before: old,
    isDone: isGone,
    run: ({ data, id }) => data.project.entity.delete(key(id)).go(),
  },
  {
    name: "entity.put of many",
    units: 10,
    ends: "close",
    isDone: isNew,
    run: ({ data, id }) => data.project.entity.put(many(10, (unit) => native(id, unit))).go(),
    left: unprocessed,
  },
  {
    name: "entity.delete of many",
    units: 10,
    ends: "close",
    before: old,
    isDone: isGone,
    run: ({ data, id }) => data.project.entity.delete(many(10, (unit) => key(id, unit))).go(),
    left: unprocessed,
  },
  {
    name: "service.transaction.write",
    units: 2,
    ends: "close",
    needsTransactions: true,
    isDone: isNew,
    run: ({ data, id }) =>
      data.service.transaction
        .write(({ project }) => [
          project.create(native(id, 0)).commit(),
          project.put(native(id, 1)).commit(),
        ])
        .go(),
    left: (result) => ((result as { canceled: boolean }).canceled ? 2 : 0),
  },
];

export const repositoryRows: readonly Row[] = [
  {
    name: "repository.put",
    units: 1,
    ends: "never",
    isDone: isNew,
    run: ({ repository, id }) => repository.put(rawItem(id)),
  },
  {
    name: "repository.create",
    units: 1,
    ends: "never",
    isDone: isNew,
    run: ({ repository, id }) =>
      repository.create(raw(id).PK, raw(id).SK, "Project" as never, { name: "new" }),
  },
  {
    name: "repository.update",
    units: 1,
    ends: "never",
    before: old,
    isDone: isNew,
    run: ({ repository, id }) => repository.update(raw(id).PK, raw(id).SK, { name: "new" }),
  },
  {
    name: "repository.update under a condition",
    units: 1,
    ends: "never",
    before: old,
    isDone: isNew,
    run: ({ repository, id }) =>
      repository.update(
        raw(id).PK,
        raw(id).SK,
        { name: "new" },
        {
          conditionExpression: "#u = :u",
          expressionAttributeNames: { "#u": "UpdatedAt" },
          expressionAttributeValues: { ":u": lock },
        },
      ),
  },
  {
    name: "repository.delete",
    units: 1,
    ends: "never",
    before: old,
    isDone: isGone,
    run: ({ repository, id }) => repository.delete(raw(id).PK, raw(id).SK),
  },
  {
    name: "repository.batchWrite",
    units: 10,
    isBatch: true,
    ends: "never",
    isDone: isNew,
    run: ({ repository, id }) => repository.batchWrite(many(10, (unit) => rawItem(id, unit))),
  },
  {
    name: "repository.transactWrite",
    units: 2,
    ends: "never",
    needsTransactions: true,
    isDone: isNew,
    run: ({ repository, id }) =>
      repository.transactWrite([{ create: rawItem(id, 0) }, { put: rawItem(id, 1) }]),
  },
  {
    name: "repository.transactWrite of changes",
    units: 2,
    ends: "never",
    needsTransactions: true,
    before: old,
    isDone: (item) => isGone(item) || isNew(item),
    run: ({ repository, id }) =>
      repository.transactWrite([
        { update: raw(id, 0), updates: { name: "new" } },
        { delete: raw(id, 1), conditionExpression: "attribute_exists(PK)" },
      ]),
  },
];

export const rawKey = (row: Row, id: string, unit: number) => (row.key ?? raw)(id, unit);

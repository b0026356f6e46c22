/** Writes of one item, in any order and by any clock, do what a plain model in memory does. */
import type { Readable } from "node:stream";
import fc from "fast-check";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { FaultyRequestHandler } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { leaf, time, trickyNames, tries } from "./arbitraries.js";

type Payload = Record<string, unknown>;

interface Item {
  readonly data: Payload;
  readonly createdAt: number;
  readonly updatedAt: number;
}

type Path = readonly [string, ...(string | number)[]];

interface Update {
  readonly kind: "update";
  readonly changes: Payload;
  readonly set: readonly (readonly [Path, unknown])[];
  readonly remove: readonly Path[];
  readonly lock: "none" | "right" | "wrong";
  readonly where: Payload | undefined;
}

type Step =
  | {
      readonly kind: "create" | "put";
      readonly data: Payload;
      readonly createdAt: number | undefined;
    }
  | Update
  | { readonly kind: "delete"; readonly lock: Update["lock"] };

/** What a call comes to: an item, nothing, or an error of a class. */
type Outcome =
  | { readonly item: Item | null }
  | { readonly error: abstract new (...args: never[]) => Error };

const field = fc.constantFrom("a", "b", "c.d", "2024", "constructor");
const value = fc.oneof(
  { weight: 3, arbitrary: leaf },
  { weight: 1, arbitrary: fc.array(leaf, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(field, leaf, { maxKeys: 3, noNullPrototype: true }) },
);
const payload = fc
  .dictionary(field, value, { maxKeys: 4, noNullPrototype: true })
  .map((fields) => ({ name: "n", ...fields }));
const path: fc.Arbitrary<Path> = fc.oneof(
  field.map((name): Path => [name]),
  fc.tuple(field, field),
  fc.tuple(field, fc.nat({ max: 1 })),
);
const lock = fc.constantFrom<Update["lock"]>("none", "none", "none", "right", "wrong");

const update: fc.Arbitrary<Update> = fc.record({
  kind: fc.constant("update"),
  changes: fc.dictionary(field, fc.oneof(value, fc.constant(undefined)), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  set: fc.array(fc.tuple(path, value), { maxLength: 1 }),
  // One at most: two removals from one list are an engine's bug (dynoxide 1.2.1, dynalite 4.0.0).
  remove: fc.array(path, { maxLength: 1 }),
  lock,
  where: fc.option(fc.dictionary(field, leaf, { maxKeys: 1, noNullPrototype: true }), {
    freq: 4,
    nil: undefined,
  }),
});

const creation = fc.option(time, { freq: 2, nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("create"), data: payload, createdAt: creation }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("put"), data: payload, createdAt: creation }),
  },
  { weight: 6, arbitrary: update },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete"), lock }) },
);

/** What the clock does before a step: it stands still, goes back, goes on, or jumps. */
const tick = fc.constantFrom(0, 0, 0, -5, -1_000, 1, 3_600_000);
const steps = fc.array(fc.tuple(step, tick), { minLength: 1, maxLength: 12 });

const later10 = (all: readonly (readonly [Step, number])[]) =>
  all.map(([one, ticks]) => [one, 10 + Math.abs(ticks)] as const);

/** The model: what each write leaves, and what it comes to. */
class Model {
  item: Item | null = null;

  run(step: Step, now: number): Outcome {
    const { item } = this;
    switch (step.kind) {
      case "create":
        if (item !== null) return { error: ConditionalCheckFailedError };
        return this.keep({ data: step.data, createdAt: step.createdAt ?? now, updatedAt: now });
      case "put":
        return this.keep({
          data: step.data,
          createdAt: item?.createdAt ?? step.createdAt ?? now,
          updatedAt: later(item, now),
        });
      case "delete":
        if (!this.unlocked(step.lock)) return { error: ConditionalCheckFailedError };
        this.item = null;
        return { item };
      default:
        return this.update(step, now);
    }
  }

  private update(step: Update, now: number): Outcome {
    const { item } = this;
    const changes = Object.entries(step.changes).filter(([, value]) => value !== undefined);
    const sets = [...changes.map(([name, value]) => [[name], value] as const), ...step.set];
    const paths: Path[] = [...sets.map(([at]) => at as Path), ...step.remove];
    if (paths.length === 0 || overlap(paths)) return { error: ValidationError };
    if (item === null) return { error: ItemNotFoundError };
    if (!this.unlocked(step.lock)) return { error: ConditionalCheckFailedError };
    const parents = paths
      .filter((at) => at.length > 1)
      .map((at) => get(item.data, at.slice(0, -1)));
    if (!parents.every(isContainer)) return { error: ValidationError };
    const holds = Object.entries(step.where ?? {}).every(([name, wanted]) =>
      same(get(item.data, [name]) ?? null, wanted),
    );
    if (!holds) return { error: ConditionalCheckFailedError };
    const data = structuredClone(item.data);
    for (const [at, value] of sets) assign(data, at, value);
    for (const at of step.remove) remove(data, at);
    return this.keep({ data, createdAt: item.createdAt, updatedAt: later(item, now) });
  }

  private unlocked(lock: Update["lock"]): boolean {
    return lock === "none" || (lock === "right" && this.item !== null);
  }

  private keep(item: Item): Outcome {
    this.item = item;
    return { item };
  }
}

function later(item: Item | null, now: number): number {
  return Math.max(now, (item?.updatedAt ?? -1) + 1);
}

function overlap(paths: readonly Path[]): boolean {
  const same = (one: Path, other: Path) =>
    one.slice(0, other.length).every((segment, index) => segment === other[index]);
  return paths.some((one, index) =>
    paths.slice(index + 1).some((other) => same(one, other) || same(other, one)),
  );
}

function isContainer(given: unknown): given is Payload {
  return Array.isArray(given) || Object.prototype.toString.call(given) === "[object Object]";
}

/**
 * Positions for lists, names for maps: what the other way round comes to, engines disagree. Nothing
 * beyond the end of a list, which dynoxide 1.2.1 fills up with nulls.
 */
function fitting(at: Path, item: Item | null): Path {
  const [name, last] = at;
  if (last === undefined) return at;
  const parent = item?.data[name];
  return [name, Array.isArray(parent) ? Math.min(Number(last) || 0, parent.length) : String(last)];
}

function get(data: unknown, at: readonly (string | number)[]): unknown {
  return at.reduce<unknown>(
    (found, segment) =>
      isContainer(found) && Object.hasOwn(found, segment) ? found[segment] : undefined,
    data,
  );
}

function assign(data: Payload, at: readonly (string | number)[], value: unknown): void {
  const parent = get(data, at.slice(0, -1)) as Payload;
  const last = at.at(-1) as string;
  parent[last] = value;
}

function remove(data: Payload, at: readonly (string | number)[]): void {
  const parent = get(data, at.slice(0, -1));
  const last = at.at(-1) as string;
  if (Array.isArray(parent)) {
    if (typeof last === "number") parent.splice(last, 1);
  } else if (typeof last === "string") delete (parent as Payload)[last];
}

function same(one: unknown, other: unknown): boolean {
  return fc.stringify(one) === fc.stringify(other);
}

/** Loses the answer to a write: the engine carries it out, and the connection breaks. */
class LosingWire extends FaultyRequestHandler {
  losses = 0;

  override async handle(
    ...[request, options]: Parameters<FaultyRequestHandler["handle"]>
  ): ReturnType<FaultyRequestHandler["handle"]> {
    const answer = await super.handle(request, options);
    const isWrite = /(?:Put|Update|Delete)Item$/.test(request.headers["x-amz-target"] ?? "");
    if (!isWrite || this.losses === 0) return answer;
    this.losses -= 1;
    (answer.response.body as Readable).destroy();
    throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  }
}

describe.each(engines)("on $name", (engine) => {
  let now = 0;
  const wire = new LosingWire();
  const table = openTable(engine, {
    clock: { now: () => now },
    requestHandler: wire,
    retry: { initialDelayMs: 0, maxDelayMs: 0 },
  });
  let ids = 0;

  type Key = { userId: string; projectId: string };

  const shown = (key: Key, item: Item | null) =>
    item === null ? null : { ...key, ...item, data: { id: key.projectId, ...item.data } };

  /** One after the other, on a new item; `check` gets what a step should come to, and its call. */
  async function play(
    all: readonly (readonly [Step, number])[],
    check: (
      key: Key,
      expected: {
        readonly step: Step;
        readonly model: Model;
        readonly before: Item | null;
        readonly outcome: Outcome;
      },
      call: () => Promise<unknown>,
    ) => Promise<void>,
  ): Promise<void> {
    ids += 1;
    const key = { userId: "u1", projectId: `p${ids}` };
    const model = new Model();
    now = 1_700_000_000_000;
    for (const [given, ticks] of all) {
      now += ticks;
      const before = model.item;
      const step: Step =
        given.kind !== "update"
          ? given
          : {
              ...given,
              set: given.set.map(([at, value]) => [fitting(at, before), value] as const),
              remove: given.remove.map((at) => fitting(at, before)),
            };
      const outcome = model.run(step, now);
      await check(key, { step, model, before, outcome }, () => send(key, step, before));
      expect(await table.data.project.get(key)).toEqual(shown(key, model.item));
    }
  }

  async function send(key: Key, step: Step, before: Item | null): Promise<unknown> {
    const { project } = table.data;
    const ifUpdatedAt = {
      none: undefined,
      right: before?.updatedAt ?? 1,
      wrong: (before?.updatedAt ?? 1) + 7,
    };
    if (step.kind === "update") {
      const { changes, set, remove: removals, lock: wanted, where } = step;
      return project.update(key, changes, {
        ...{ where, ifUpdatedAt: ifUpdatedAt[wanted] },
        // Paths of fields that the payload's type does not name.
        ...({ set, remove: removals } as object),
      });
    }
    if (step.kind === "delete") {
      return project.delete(key, { ifUpdatedAt: ifUpdatedAt[step.lock] });
    }
    const { kind, data, createdAt } = step;
    return project[kind]({ ...key, createdAt, data: data as { name: string } });
  }

  async function fails(
    key: Key,
    before: Item | null,
    error: abstract new (...args: never[]) => Error,
    call: () => Promise<unknown>,
  ): Promise<void> {
    const thrown = await call().then(
      (item) => ({ resolved: item }),
      (reason: unknown) => reason,
    );
    expect(thrown).toBeInstanceOf(error);
    if (thrown instanceof ConditionalCheckFailedError) {
      expect(thrown.item).toEqual(shown(key, before));
    }
  }

  test("any writes of an item, by any clock, leave what the model holds and fail as it does", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (all) =>
        play(all, async (key, { before, outcome }, call) => {
          if ("error" in outcome) await fails(key, before, outcome.error, call);
          else expect(await call()).toEqual(shown(key, outcome.item));
        }),
      ),
      tries(20),
    );
  });

  test("a write whose answer is lost is done once, and told as what it is", async () => {
    await fc.assert(
      // Where an item was written in this very millisecond, the time does not tell whose write it was.
      fc.asyncProperty(steps, (all) =>
        play(later10(all), async (key, { step, model, before, outcome }, call) => {
          wire.losses = 1;
          // That a lock met nothing, or that it met what is now gone, was in the answer that was lost.
          if (step.kind === "delete" && before === null) expect(await call()).toBeNull();
          else if ("error" in outcome) await fails(key, before, outcome.error, call);
          else {
            const item = (await call()) as Item | null;
            if (outcome.item === null || model.item === null) {
              // What was deleted was in the answer that was lost.
              expect([null, shown(key, outcome.item)]).toContainEqual(item);
            } else {
              const updatedAt = item?.updatedAt ?? 0;
              expect(updatedAt).toBeGreaterThanOrEqual(outcome.item.updatedAt);
              model.item = { ...outcome.item, updatedAt };
              expect(item).toEqual(shown(key, model.item));
            }
          }
          wire.losses = 0;
        }),
      ),
      tries(20),
    );
  });

  const names = fc.uniqueArray(fc.constantFrom(...trickyNames, "createdAt", "updatedAt"), {
    minLength: 4,
    maxLength: 24,
  });

  test("fields may be named like attributes, placeholders and words of the language, all at once", async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.nat({ max: 4 }), async (all, turn) => {
        ids += 1;
        const key = { userId: `names${ids}`, projectId: "p" };
        const { project } = table.data;
        const known = new Set(["name", "type", "projectId"]);
        const part = (index: number) =>
          all.filter((one, position) => (position + turn) % 4 === index && !known.has(one));
        const [changed = [], removed = [], conditional = []] = [part(0), part(1), part(2)];
        const dataOf = (mark: string) =>
          Object.fromEntries(all.map((one) => [one, `${mark} ${one}`] as const));
        const before = { name: "n", ...dataOf("old"), inner: dataOf("inner old") };
        now = 1_700_000_000_000;
        const { updatedAt, createdAt } = await project.create({ ...key, data: before });

        const where = Object.fromEntries(conditional.map((one) => [one, `old ${one}`]));
        const item = await project.update(
          key,
          Object.fromEntries(changed.map((one) => [one, `new ${one}`])),
          {
            ...{ where, ifUpdatedAt: updatedAt },
            ...({
              set: all.map((one) => [["inner", one], `inner new ${one}`]),
              remove: removed,
            } as object),
          },
        );
        const expected: Record<string, unknown> = {
          ...before,
          inner: dataOf("inner new"),
          id: "p",
        };
        for (const one of changed) expected[one] = `new ${one}`;
        for (const one of removed) delete expected[one];
        expect(item).toEqual({ ...key, data: expected, createdAt, updatedAt: updatedAt + 1 });
        await expect(
          project.update(key, { name: "no" }, { where: { ...where, inner: "no" } as object }),
        ).rejects.toBeInstanceOf(ConditionalCheckFailedError);

        const fields = [...changed, ...conditional, "inner"] as "name"[];
        const picked = Object.fromEntries(fields.map((one) => [one, expected[one]]));
        const seen = { ...item, data: picked };
        expect(await project.get(key, { fields })).toEqual(seen);
        expect(await project.batchGet([key], { fields })).toEqual([seen]);
        const options = { fields, where, from: createdAt, to: createdAt } as const;
        const { items } = await project.query({ userId: key.userId }, options);
        expect(items).toEqual([seen]);
      }),
      tries(15),
    );
  });
});

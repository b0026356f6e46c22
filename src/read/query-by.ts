/** Queries of an index by its name: the parts of its keys become a partition and a prefix of sort keys. */
import { unknownNames } from "../call/options.js";
import { dateIndex, type EntityIndex, type IndexKey, isOwnIndex } from "../entity/indexes.js";
import { isOf } from "../entity/item.js";
import {
  type EntityModel,
  ownerIssues,
  partRule,
  partText,
  refuseIssues,
} from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { fieldOf, keyLengthRule, keyPartsOf, partsFrom } from "../keys/template.js";
import type { RawItem } from "../table/table.js";
import type { SortKeys } from "./key-condition.js";
import { isAsked, type RangedPart, readRange } from "./key-range.js";
import {
  type CheckedPaging,
  checkedPaging,
  type GivenPaging,
  planOf,
  type QueryPlan,
  type Reach,
  rangeOf,
  refuseConsistent,
} from "./query-plan.js";

/** What callers call a part: a field of the payload by its own name. */
function nameOf(part: string): string {
  return fieldOf(part) ?? part;
}

/** The parts of an index's keys, as a caller gave them. */
interface GivenParts {
  readonly partition: string;
  /** What the sort keys begin with. */
  readonly prefix: string;
  /** Whether that is the whole sort key. */
  readonly isWhole: boolean;
  /** The first part of the sort key that was not given. */
  readonly next: string | undefined;
  /** Those of the given parts that are parts of the items' own keys. */
  readonly own: Readonly<Record<string, string>>;
}

/**
 * The index with a name.
 * @throws ValidationError if the entity has none of that name, or the scope has none of its partitions
 */
export function indexNamed(model: EntityModel, name: unknown, context: CallContext): EntityIndex {
  const refuse = (message: string) => invalidAt(context, "index", message);
  const others = model.indexes.filter((one) => one.name !== dateIndex);
  const index = others.find((one) => one.name === name);
  if (index === undefined) {
    if (model.dated && name === dateIndex) throw refuse('is read by query with by: "createdAt"');
    const names = others.map((one) => one.name);
    throw refuse(`must be an index of ${model.name}: ${names.join(", ") || "there is none"}`);
  }
  if (model.owner.length > 0 && !isOwnIndex(model.pk, index)) {
    throw refuse(
      `${index.name} is not in the scope: its partitions are not made of ${model.pk.parts.join(", ")} alone`,
    );
  }
  return index;
}

/** Builds the request of a query of an index. Everything but the cursor is checked. */
export function planQueryBy(
  model: EntityModel,
  tableName: string,
  index: EntityIndex,
  parts: unknown,
  given: GivenPaging | null,
  context: CallContext,
): QueryPlan {
  const options = given ?? {};
  const paging = checkedPaging(options, context);
  const reach = reachBy(model, index, parts, options, paging, context);
  return planOf(model, tableName, reach, options, paging.limit, context);
}

/** Checks which items of an index a query's parts and options select. */
export function reachBy(
  model: EntityModel,
  index: EntityIndex,
  parts: unknown,
  options: GivenPaging,
  { order, times, consistent }: CheckedPaging,
  context: CallContext,
): Reach {
  const { partition, prefix, isWhole, next, own } = readParts(model, index, parts, context);
  refuseConsistent(consistent, context);
  if (times !== undefined && next !== "createdAt") {
    const path = options.from === undefined ? "to" : "from";
    const message = `cannot be used: the creation time does not come next in the sort key of ${index.name}`;
    throw invalidAt(context, path, message);
  }
  const range =
    rangeOf(prefix, times) ??
    readRange(model, options, rangedPart(model, index, prefix, next), context);
  const keys: SortKeys = range?.keys ?? (isWhole ? { key: prefix } : { prefix });
  const ownPartition = model.owner.length > 0 ? model.pk.build(model.fixed) : undefined;
  const isPartition = (pk: string) =>
    ownPartition === undefined ? partsFrom(model.pk, pk) !== null : pk === ownPartition;
  const agrees = (raw: RawItem) => {
    const held = keyPartsOf(model, raw);
    return Object.entries(own).every(([part, value]) => held[part] === value);
  };
  const isIn = (raw: RawItem) =>
    isAsked(keys, range, String((raw as Attributes)[index.sk.attribute]));
  return {
    binding: {
      entity: model.name,
      index: index.index,
      order,
      partition,
      prefix: model.sk.prefix,
      indexPrefix: prefix,
      isPartition,
    },
    index: index.index,
    keys,
    range,
    consistent: false,
    parts: own,
    isWithin: (raw: RawItem) => isOf(model, raw) && isPartition(raw.PK) && agrees(raw) && isIn(raw),
  };
}

type Attributes = Readonly<Record<string, unknown>>;

/** The first part of an index's sort key that was not given. */
function rangedPart(
  model: EntityModel,
  { pk, sk }: EntityIndex,
  prefix: string,
  next: string | undefined,
): RangedPart {
  const at = sk.template.parts.indexOf(next ?? "");
  const isLast = at === sk.template.parts.length - 1 && sk.template.literals.at(-1) === "";
  return {
    part: next,
    name: nameOf(next ?? ""),
    prefix,
    isLast,
    isWord: isWord(model, pk, sk, next),
  };
}

/** Whether a part of an index's keys holds no `#`. */
function isWord(model: EntityModel, pk: IndexKey, sk: IndexKey, part = ""): boolean {
  const field = fieldOf(part) ?? "";
  return model.words.has(part) || pk.words.has(field) || sk.words.has(field);
}

/** @throws ValidationError with all issues */
function readParts(
  model: EntityModel,
  index: EntityIndex,
  given: unknown,
  context: CallContext,
): GivenParts {
  const source = sourceOf(model, index, given, context);
  const issues: ValidationIssue[] = [];
  const values: Record<string, string> = {};
  const take = (part: string, value: unknown) => {
    const rule = partRule(model, part, value, isWord(model, index.pk, index.sk, part));
    if (rule !== undefined) issues.push({ path: nameOf(part), message: rule });
    // An invalid part never reaches a key, because its issue stops the call.
    values[part] = partText(model, part, value);
  };
  for (const part of index.pk.template.parts) take(part, source(part) ?? model.defaults[part]);
  let prefix = index.sk.template.literals[0] ?? "";
  let next: string | undefined;
  for (const [at, part] of index.sk.template.parts.entries()) {
    const value = values[part] ?? (part === "createdAt" ? undefined : source(part));
    if (value === undefined) next ??= part;
    else if (next === undefined) {
      take(part, value);
      prefix += `${values[part]}${index.sk.template.literals[at + 1]}`;
    } else if (!(part in model.fixed)) {
      const message = `cannot be used without ${nameOf(next)}, which stands before it in the sort key`;
      issues.push({ path: nameOf(part), message });
    }
  }
  refuseIssues(context, issues);
  const partition = index.pk.template.build(values);
  refuseIssues(context, lengthIssues(index, partition, prefix));
  const own = Object.entries(values).filter(([part]) => model.parts.includes(part));
  return { partition, prefix, isWhole: next === undefined, next, own: Object.fromEntries(own) };
}

/** Reads the given parts, each under the name that callers know; those of the owner are fixed. */
function sourceOf(
  model: EntityModel,
  { name, pk, sk }: EntityIndex,
  given: unknown,
  context: CallContext,
): (part: string) => unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw invalidAt(context, "parts", `must be an object of parts of ${name}`);
  }
  const names = [...pk.template.parts, ...sk.template.parts]
    .filter((part) => part !== "createdAt" && !(part in model.fixed))
    .map(nameOf);
  const kind = { one: `a part of the index ${name}`, all: "the parts are" };
  refuseIssues(context, [
    ...ownerIssues(given, model.owner, "parts"),
    ...unknownNames(given, names, kind, model.owner),
  ]);
  const source = given as Readonly<Record<string, unknown>>;
  return (part) => model.fixed[part] ?? source[nameOf(part)];
}

function lengthIssues({ pk, sk }: EntityIndex, partition: string, prefix: string) {
  const rules = [
    [pk.template.parts.at(-1), keyLengthRule("partition", partition)],
    [sk.template.parts.at(-1), keyLengthRule("sort", prefix)],
  ] as const;
  return rules.flatMap(([part, message]): ValidationIssue[] =>
    message === undefined ? [] : [{ path: nameOf(part ?? "parts"), message }],
  );
}

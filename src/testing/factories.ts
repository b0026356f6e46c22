/** Factories of items of an application's own entities, for tests. */
import { checkDefinition } from "../../services/declaration-rules.js";
import type { AnyDefinition, DefinitionsOf } from "../../services/registry.js";
import type { OwnSpec } from "../../services/stores.js";
import { refuseUnknown } from "../call/options.js";
import { payloadOf } from "../entity/declared-payload.js";
import { type DeclaredKeys, declaredKeys } from "../entity/model.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import type { Simplify } from "../store/field-paths.js";
import { checkPayload } from "../values/payload.js";
import { StandardPayload } from "../values/standard-payload.js";
import { jsonSchemaOf } from "./json-schema.js";
import { sampleOfStandard } from "./sample-standard.js";
import { type JsonSchema, sampleValue } from "./sample-value.js";

/** What `put` takes of an own entity, with every part of the key. */
export type OwnFixtureOf<R extends DefinitionsOf<R>, F extends keyof R> = Simplify<
  OwnSpec<R, F>["parts"] & { data: OwnSpec<R, F>["data"] } & ("createdAt" extends keyof OwnSpec<
      R,
      F
    >["parts"]
      ? unknown
      : { createdAt?: number | undefined })
>;

/** What a factory takes: any part of the key, a creation time, some of the payload. */
export type OwnOverridesOf<R extends DefinitionsOf<R>, F extends keyof R> = Simplify<
  Partial<Omit<OwnFixtureOf<R, F>, "data">> & { data?: Partial<OwnSpec<R, F>["data"]> | undefined }
>;

/** A factory for each entity, under the name of its store. */
export type Factories<R extends DefinitionsOf<R>> = {
  readonly [F in keyof R]: (overrides?: OwnOverridesOf<R, F>) => OwnFixtureOf<R, F>;
};

export interface FactoryOptions {
  /** Whether payload fields that may be left out are made too. @default false */
  readonly optional?: boolean | undefined;
}

/**
 * Makes a factory for each of an application's own entities, as `make` has one for each of the twelve:
 * an item that `put` takes, with a new id and the overrides. The payload is made from its zod 4 schema; of
 * another library's, each field is tried with values of several types. What a schema's own rules ask
 * (`refine`, `regex`) and bytes must be given.
 *
 * A factory throws a ValidationError that names the fields to give.
 * @throws ConfigurationError for what is no declared entity
 * @example
 * const make = factories({ lead, team });
 * await data.lead.put(make.lead({ data: { status: "won" } }));
 */
export function factories<const R extends DefinitionsOf<R>>(
  entities: R,
  options: FactoryOptions = {},
): Factories<R> {
  refuseUnknown({ operation: "factories" }, options, ["optional"]);
  const all = Object.entries<unknown>(entities).map(([name, definition]) => {
    checkDefinition(name, definition);
    return [name, factoryOf(name, definition, options.optional === true)];
  });
  return Object.fromEntries(all) as Factories<R>;
}

/** How many items were made. */
let made = 0;

type Overrides = Readonly<Record<string, unknown>> & {
  readonly data?: Readonly<Record<string, unknown>> | undefined;
};

function factoryOf(name: string, definition: AnyDefinition, optional: boolean) {
  const keys = declaredKeys(definition);
  const sample = samplesOf(name, definition, optional);
  return (overrides: Overrides = {}): object => {
    const context = { operation: `make.${name}`, entity: keys.name };
    refuseUnknown(context, overrides, [...keys.parts, "createdAt", "data"]);
    made += 1;
    const { key, data: own } = sample(made);
    const data = { ...own, ...overrides.data };
    const { issues } = checkPayload(payloadOf(definition), data);
    if (issues.length > 0) throw invalid(context, withAdvice(issues, overrides.data ?? {}));
    return { ...key, ...overrides, data };
  };
}

/** Issues of fields that were not given say what to do. */
function withAdvice(issues: readonly ValidationIssue[], given: object): ValidationIssue[] {
  return issues.map(({ path, message }) => {
    const [, field = ""] = /^data\.([^.[]+)/.exec(path) ?? [];
    const advice = field === "" || Object.hasOwn(given, field) ? "" : `: give data.${field}`;
    return { path, message: `${message}${advice}` };
  });
}

/** An item that is made up. Whether its payload is valid must be checked. */
export interface Sample {
  readonly key: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Makes up items of an entity: the same for the same count. */
export function samplesOf(
  name: string,
  definition: AnyDefinition,
  optional: boolean,
): (count: number) => Sample {
  const keys = declaredKeys(definition);
  let root: JsonSchema | undefined;
  const dataOf = (count: number) => {
    const payload = payloadOf(definition);
    if (payload instanceof StandardPayload) return sampleOfStandard(payload, { count, optional });
    root ??= jsonSchemaOf(payload);
    return sampleValue(root, { name, count, optional, root }) as Sample["data"];
  };
  return (count) => {
    const data = dataOf(count);
    return { key: sampleKey(name, keys, count), data: lasting(keys, data) };
  };
}

/** The same payload, of an item that lasts: the smallest number is no time of an entity that expires. */
function lasting({ expires }: DeclaredKeys, data: Sample["data"]): Sample["data"] {
  return expires !== undefined && expires in data ? { ...data, [expires]: farAway } : data;
}

/** A key: ids after the names of their parts, and the last one after the entity and the count. */
function sampleKey(name: string, { parts, forms, defaults, timed }: DeclaredKeys, count: number) {
  const key: Record<string, unknown> = {};
  const ids = parts.filter((part) => part !== "createdAt" && forms[part] === undefined);
  for (const part of parts) {
    const form = forms[part];
    if (form === "date") key[part] = "2025-03-01";
    else if (form !== undefined) key[part] = count % 10 ** form;
    else if (part === ids.at(-1)) key[part] = `${name}-${count}`;
    else key[part] = defaults[part] ?? `${part.replace(/Id$/, "")}-1`;
  }
  if (timed) key.createdAt = firstTime + count;
  return key;
}

/** 1 January 2100, in epoch milliseconds. */
const farAway = Date.UTC(2100, 0, 1);

/** 1 March 2025, in epoch milliseconds. */
const firstTime = Date.UTC(2025, 2, 1);

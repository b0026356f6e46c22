/** The access patterns of the table as forms: what each asks for, and the call that it makes. */
import { shownOf } from "../call/shown.js";
import { secretsIn } from "../entity/declared-payload.js";
import { invalidAt } from "../errors/validation-error.js";
import { isPlainMap } from "../values/payload.js";
import type { Call } from "./call.js";
import type { Explorer, Operation } from "./explorer.js";
import type {
  EntityDescription,
  KeyDescription,
  PartDescription,
  PatternDescription,
  PatternInput,
  PatternResult,
} from "./protocol.js";
import { readable, sentAll } from "./reads.js";

type Given = Readonly<Record<string, unknown>>;

interface Pattern extends PatternDescription {
  /** The store whose items it returns, or the use case. */
  readonly of: string;
  callOf(given: Given): Call;
}

const limitInput: PatternInput = { name: "limit", kind: "number", required: true, fallback: "20" };
const orderInput: PatternInput = {
  ...{ name: "order", kind: "text", required: true, fallback: "asc" },
  choices: ["asc", "desc"],
};

/** The access patterns of these entities, and of the use cases if the table has the twelve. */
export function patternsOf(
  { data }: Pick<Explorer, "data">,
  entities: readonly EntityDescription[],
) {
  const all = entities.flatMap(patternsOfEntity);
  return "dashboard" in data ? [...useCasePatterns, ...all] : all;
}

const partInput = ({ name, kind, fallback }: PartDescription): PatternInput => ({
  ...{ name, kind, required: fallback === undefined },
  ...(fallback !== undefined && { fallback }),
});

const picked = (given: Given, parts: readonly PartDescription[]): Given =>
  Object.fromEntries(
    parts.filter(({ name }) => given[name] !== undefined).map(({ name }) => [name, given[name]]),
  );

function patternsOfEntity(entity: EntityDescription): Pattern[] {
  const { dated, indexes } = entity;
  return [
    ofEntity(entity, "get", "one item, by its key", {
      inputs: entity.parts.map(partInput),
      callOf: (given, path) => ({ path, args: [picked(given, entity.parts), {}], result: "item" }),
    }),
    pageOf(entity, entity.key, "query", "a page of a partition, by key"),
    ...(dated ? [newestOf(entity)] : []),
    ...indexes
      .filter(({ name }) => name !== "byCreatedAt")
      .map((index) => pageOf(entity, index, "queryBy", `a page of ${index.name}`)),
    ofEntity(entity, "count", "how many there are in a partition", {
      inputs: entity.key.partition.map(partInput),
      callOf: (given, path) => ({
        ...{ path, args: [picked(given, entity.key.partition), {}], result: "count" },
      }),
    }),
  ];
}

interface EntityPattern {
  readonly inputs: readonly PatternInput[];
  callOf(given: Given, path: readonly string[]): Call;
}

/** @param id names it among the entity's, and if none else is given, the store's call */
function ofEntity(
  { store }: EntityDescription,
  id: string,
  title: string,
  { inputs, callOf }: EntityPattern,
  name = id,
): Pattern {
  const callIn = (given: Given) => callOf(given, [store, name]);
  return { id: `${store}.${id}`, group: store, title, of: store, inputs, callOf: callIn };
}

const page = "{ items, cursor }";

function pageOf(
  entity: EntityDescription,
  { name, partition }: KeyDescription,
  call: "query" | "queryBy",
  title: string,
): Pattern {
  const isIndex = call === "queryBy";
  const pattern: EntityPattern = {
    inputs: [...partition.map(partInput), orderInput, limitInput],
    callOf: ({ order, limit, ...given }, path) => {
      const args = [picked(given, partition), { order, limit }];
      return { path, args: isIndex ? [name, ...args] : args, result: page };
    },
  };
  return ofEntity(entity, isIndex ? name : call, title, pattern, call);
}

function newestOf(entity: EntityDescription): Pattern {
  const { partition } = entity.key;
  const pattern: EntityPattern = {
    inputs: [...partition.map(partInput), limitInput],
    callOf: ({ limit, ...given }, path) => {
      const options = { by: "createdAt", order: "desc", limit };
      return { path, args: [picked(given, partition), options], result: page };
    },
  };
  return ofEntity(entity, "newest", "the newest of a partition", pattern, "query");
}

const text = (name: string, fallback?: string): PatternInput => ({
  ...{ name, kind: "text", required: true },
  ...(fallback !== undefined && { fallback }),
});

/** A call of the application's use cases. */
const useCase = (
  path: readonly string[],
  title: string,
  inputs: readonly PatternInput[],
  args: (given: Given) => readonly unknown[],
): Pattern => ({
  ...{ id: path.join("."), group: "use cases", title, inputs, of: path[0] ?? "" },
  callOf: (given) => ({ path, args: args(given), result: "result" }),
});

const user = text("userId");
const ofUser = ({ userId }: Given) => [{ userId }, {}];
const ofUserAndAgent = ({ userId, agentId }: Given) => [{ userId, agentId }, {}];

const useCasePatterns: readonly Pattern[] = [
  useCase(["dashboard"], "the dashboard", [user, text("agentId")], ofUserAndAgent),
  useCase(["brandAuditPage"], "the brand audit page", [user, text("agentId")], ofUserAndAgent),
  useCase(["projects", "listWithContent"], "projects with their content", [user], ofUser),
  useCase(["collections", "workspace"], "everything under a user", [user], ofUser),
  useCase(["collections", "recent"], "recent activity", [user, limitInput], (given) => [given]),
  useCase(["reviews", "byId"], "a review by its id alone", [text("reviewId")], ({ reviewId }) => [
    reviewId,
    {},
  ]),
  useCase(
    ["reviews", "newest"],
    "the newest reviews of an agent",
    [text("agentId"), limitInput],
    ({ agentId, limit }) => [agentId, limit, {}],
  ),
  useCase(["oauth", "isConnected"], "whether Google is connected", [user], ({ userId }) => [
    userId,
    undefined,
    {},
  ]),
];

/** Makes the call of an access pattern. */
export const pattern: Operation = async ({ explorer, input, call }): Promise<PatternResult> => {
  const refuse = (path: string, message: string) =>
    invalidAt({ operation: "explore" }, path, message);
  const found = patternsOf(explorer, explorer.about.entities).find(({ id }) => id === input.id);
  if (found === undefined) throw refuse("id", "is no access pattern of this table");
  const { given } = input;
  if (!isPlainMap(given)) throw refuse("given", "must be an object");
  const made = found.callOf(given as Given);
  const known = explorer.stores.get(found.of);
  if (known === undefined) {
    const [store = "", name = store] = made.path;
    const secretsOf = secretsIn(explorer.source.definitions);
    return { value: shownOf(secretsOf, store, name, await call(made)) };
  }
  return readable({ explorer }, known, async (fields) => {
    const result = await call(fields === undefined ? made : withFields(made, fields));
    if (typeof result === "number") return { value: result };
    const { items = [result] } = (result ?? {}) as { readonly items?: readonly unknown[] };
    return { store: known.store, items: result === null ? [] : sentAll(known, items, fields) };
  });
};

function withFields({ args, ...call }: Call, fields: readonly string[]): Call {
  return { ...call, args: [...args.slice(0, -1), { ...(args.at(-1) as object), fields }] };
}

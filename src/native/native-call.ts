/** The name of a call of ElectroDB, as errors give it. */
import type { CallContext } from "../errors/context.js";
import { type ChainState, collectionClauses, type ElectroEntity, firstCall } from "./electro.js";

/** A method that takes a list is the same method to its caller. */
const methodOfClause: Readonly<Record<string, string>> = {
  batchGet: "get",
  batchPut: "put",
  batchDelete: "delete",
};

/** Names a call of a chain by its first call: `entity.query.byKey`, `service.collections.workspace`. */
export function contextOf({ model }: ElectroEntity, state: ChainState): CallContext {
  const { query, [firstCall]: first } = state;
  if (first === undefined) return {};
  const { clause, method, given } = first;
  const { pk, sk } = query.facets;
  if (collectionClauses.includes(clause)) {
    const [name, facets] = given;
    return { operation: `service.collections.${String(name)}`, key: keyOf(facets, pk, []) };
  }
  const [facets] = given;
  const pattern = model.translations.indexes.fromIndexToAccessPattern[query.index];
  const isQuery = clause === "query";
  const isScan = clause === "scan";
  const byPattern = isQuery || (isScan && query.index !== "");
  const name = method ?? `${methodOfClause[clause] ?? clause}${byPattern ? `.${pattern}` : ""}`;
  return {
    operation: `entity.${name}`,
    entity: model.entity,
    key: isQuery || isScan ? keyOf(facets, pk, []) : keyOf(facets, pk, sk),
  };
}

/** The key's parts as they were given; for a query, those of the partition. A list of keys has none. */
function keyOf(given: unknown, pk: readonly string[], sk: readonly string[]): CallContext["key"] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  try {
    const source = given as Record<string, unknown>;
    return Object.fromEntries([...pk, ...sk].map((name) => [name, source[name]]));
  } catch {
    // A getter or a proxy of the caller failed. ElectroDB could not read it either, and its error is
    // thrown.
    return undefined;
  }
}

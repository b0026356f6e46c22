/** Filters of the page as a `where`: run as a callback of the store, and shown as one. */
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { isPlainMap } from "../values/payload.js";
import { literalOf, type Printed } from "./literal.js";
import { type Filter, type FilterOperator, filterOperators } from "./protocol.js";

type Built = Readonly<Record<string, (...given: unknown[]) => unknown>>;

/** More conditions than this nobody types. */
const mostFilters = 20;

/** A `where` of filters. */
export class FilterWhere implements Printed {
  readonly #filters: readonly Filter[];

  constructor(filters: readonly Filter[]) {
    this.#filters = filters;
  }

  /** What the store is given. */
  callback(): (data: unknown, operators: Built) => string {
    return (_, operators) =>
      this.#filters
        .map(({ field, operator, value }) => {
          const path = operators.path?.(field);
          return String(operators[operator]?.(...(hasValue(operator) ? [path, value] : [path])));
        })
        .join(" AND ");
  }

  code(): string {
    const used = new Set<string>(this.#filters.map(({ operator }) => operator));
    const conditions = this.#filters.map(({ field, operator, value }) => {
      const isName = /^[A-Za-z_$][\w$]*$/.test(field);
      if (!isName) used.add("path");
      const path = isName ? `data.${field}` : `path(${JSON.stringify(field)})`;
      const given = hasValue(operator) ? `${path}, ${literalOf(value)}` : path;
      return `${operator}(${given})`;
    });
    const body =
      conditions.length === 1
        ? (conditions[0] ?? "")
        : `\`${conditions.map((text) => `\${${text}}`).join(" AND ")}\``;
    return `(data, { ${[...used].sort().join(", ")} }) => ${body}`;
  }
}

function hasValue(operator: FilterOperator): boolean {
  return operator !== "exists" && operator !== "notExists";
}

/**
 * Reads the filters that a page sent.
 * @param secrets the fields that no filter may name: the answer would tell their values
 * @throws ValidationError
 */
export function filtersOf(
  operation: string,
  given: unknown,
  secrets: readonly string[],
): FilterWhere | undefined {
  if (given === undefined) return undefined;
  const refuse = (issues: readonly ValidationIssue[]) => invalid({ operation }, issues);
  if (!Array.isArray(given) || given.length > mostFilters) {
    throw refuse([{ path: "filters", message: `must be a list of at most ${mostFilters}` }]);
  }
  const issues = given.flatMap((filter: unknown, index) => {
    const rule = ruleOf(filter, secrets);
    return rule === undefined ? [] : [{ path: `filters.${index}`, message: rule }];
  });
  if (issues.length > 0) throw refuse(issues);
  return given.length === 0 ? undefined : new FilterWhere(given as Filter[]);
}

function ruleOf(given: unknown, secrets: readonly string[]): string | undefined {
  if (!isPlainMap(given)) return "must be an object";
  const { field, operator } = given as Partial<Record<keyof Filter, unknown>>;
  if (typeof field !== "string" || field === "") return "must name a field";
  if (secrets.includes(field)) return "names a secret: it cannot be compared from outside";
  if (!(filterOperators as readonly unknown[]).includes(operator)) {
    return `must have an operator: ${filterOperators.join(", ")}`;
  }
  return undefined;
}

/** A `where` callback on its way: it is called in the page, and what it builds is sent as data. */

/** An operand of a condition: a path, its size, a value, or a list of operands. */
export type SentOperand =
  | { readonly p: readonly unknown[] }
  | { readonly s: SentOperand }
  | { readonly l: readonly SentOperand[] }
  | { readonly v: unknown };

/** The conditions that a callback has built, and the text in which it joins them. */
export interface SentWhere {
  readonly text: unknown;
  readonly conditions: readonly (readonly [operator: string, ...operands: SentOperand[]])[];
}

/** The option of the wire in whose place a callback was given. */
export const sentWhereOption = "condition";

/** Calls a callback with paths and operators that note what is done with them. */
export function sentWhereOf(where: (data: object, operators: object) => unknown): SentWhere {
  const conditions: [string, ...SentOperand[]][] = [];
  const known = new WeakMap<object, SentOperand>();
  const noted = (operand: SentOperand, target: object) => {
    known.set(target, operand);
    return target;
  };
  const operandOf = (value: unknown): SentOperand => known.get(value as object) ?? { v: value };
  const path = (segments: readonly unknown[]): object =>
    noted({ p: segments }, new Proxy({}, { get: (_, name) => path([...segments, name]) }));
  const operator = (name: string) => {
    if (name === "path") return (...segments: unknown[]) => path(segments);
    if (name === "size") return (of: unknown) => noted({ s: operandOf(of) }, {});
    return (of: unknown, ...rest: unknown[]) => {
      const operands = rest.map(
        (one): SentOperand =>
          name === "in" && Array.isArray(one) ? { l: one.map(operandOf) } : operandOf(one),
      );
      conditions.push([name, operandOf(of), ...operands]);
      return `{${conditions.length - 1}}`;
    };
  };
  const operators = new Proxy({}, { get: (_, name) => operator(String(name)) });
  return { text: where(path([]), operators), conditions };
}

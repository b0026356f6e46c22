/** Placeholders for a request that holds an expression of the caller's. */

/** An expression as the caller gave it, with its placeholders. */
export interface GivenExpression {
  readonly text: string | undefined;
  readonly names: Readonly<Record<string, string>> | undefined;
  readonly values: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Adds names and values under placeholders that the caller does not use, neither in an expression
 * nor in the maps: a placeholder of the caller's never changes its meaning.
 */
export class FreePlaceholders {
  /** The caller's names and the added ones. */
  readonly names: Record<string, string>;
  /** The caller's values and the added ones. */
  readonly values: Record<string, unknown>;
  private readonly taken: Set<string>;

  constructor({ text = "", names = {}, values = {} }: GivenExpression) {
    this.names = { ...names };
    this.values = { ...values };
    this.taken = new Set([
      ...Object.keys(names),
      ...Object.keys(values),
      // One that the caller forgot to define stays undefined: DynamoDB then says so.
      ...(text.match(/[#:]\w+/g) ?? []),
    ]);
  }

  /** Returns `#wanted`, or `#wanted_2` and so on where the caller uses it. */
  name(wanted: string, attributeName: string): string {
    const placeholder = this.free(`#${wanted}`);
    this.names[placeholder] = attributeName;
    return placeholder;
  }

  /** Returns `:wanted`, or `:wanted_2` and so on where the caller uses it. */
  value(wanted: string, value: unknown): string {
    const placeholder = this.free(`:${wanted}`);
    this.values[placeholder] = value;
    return placeholder;
  }

  private free(wanted: string): string {
    let placeholder = wanted;
    for (let number = 2; this.taken.has(placeholder); number += 1) {
      placeholder = `${wanted}_${number}`;
    }
    this.taken.add(placeholder);
    return placeholder;
  }
}

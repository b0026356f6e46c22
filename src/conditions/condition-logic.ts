/**
 * Parses conditions that are joined by AND, OR, NOT and parentheses. They are written again with
 * only the necessary parentheses, because DynamoDB refuses redundant ones.
 */

/** A condition, and the operator that joins its parts, which decides where it needs parentheses. */
export interface Compiled {
  readonly text: string;
  readonly joinedBy: "AND" | "OR" | undefined;
}

export function atom(text: string): Compiled {
  return { text, joinedBy: undefined };
}

/** Joins conditions, with parentheses only where the meaning requires them. */
export function joined(by: "AND" | "OR", conditions: readonly Compiled[]): Compiled {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  return {
    text: conditions.map((condition) => within(by, condition)).join(` ${by} `),
    joinedBy: by,
  };
}

function within(by: "AND" | "OR", { text, joinedBy }: Compiled): string {
  return joinedBy === undefined || joinedBy === by ? text : `(${text})`;
}

/** A condition in parentheses, in none that are redundant: a text that has them is left as it is. */
export function parenthesised(text: string): string {
  let level = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") level += 1;
    else if (text[at] === ")") level -= 1;
    // The first one closes before the end, or there is none.
    if (level === 0 && at < text.length - 1) return `(${text})`;
  }
  return text.startsWith("(") ? text : `(${text})`;
}

function negated({ text, joinedBy }: Compiled): Compiled {
  // A double negation is dropped, because not every engine parses NOT NOT (dynalite 4.0.0 does not).
  if (joinedBy === undefined && text.startsWith("NOT ")) return atom(text.slice("NOT ".length));
  return atom(`NOT ${joinedBy === undefined ? text : `(${text})`}`);
}

/**
 * The most nested NOTs and parentheses. No valid expression has more, because DynamoDB allows 300
 * operators and refuses redundant parentheses.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
const mostLevels = 300;

/**
 * Parses a text in which `{n}` stands for the nth condition.
 * @returns `undefined` if the text is not a condition
 */
export function readLogic(text: string, conditions: readonly string[]): Compiled | undefined {
  const tokens = text.match(/\{\d+\}|[()]|[^\s(){}]+|[{}]/g) ?? [];
  let position = 0;
  let level = 0;
  /** Reads one level deeper. The limit keeps a text of many parentheses from overflowing the stack. */
  const deeper = (read: () => Compiled | undefined) => {
    if (level === mostLevels) return undefined;
    level += 1;
    const inner = read();
    level -= 1;
    return inner;
  };
  const next = () => tokens[position]?.toUpperCase();
  const take = (token: string) => {
    if (next() !== token) return false;
    position += 1;
    return true;
  };

  const readOr = (): Compiled | undefined => readJoined("OR", readAnd);
  const readAnd = (): Compiled | undefined => readJoined("AND", readNot);
  function readJoined(by: "AND" | "OR", read: () => Compiled | undefined): Compiled | undefined {
    const parts: Compiled[] = [];
    do {
      const part = read();
      if (part === undefined) return undefined;
      parts.push(part);
    } while (take(by));
    return joined(by, parts);
  }
  function readNot(): Compiled | undefined {
    if (!take("NOT")) return readOne();
    const condition = deeper(readNot);
    return condition && negated(condition);
  }
  function readOne(): Compiled | undefined {
    if (take("(")) {
      const inner = deeper(readOr);
      return inner !== undefined && take(")") ? inner : undefined;
    }
    const index = /^\{(\d+)\}$/.exec(tokens[position] ?? "")?.[1];
    const condition = index === undefined ? undefined : conditions[Number(index)];
    position += 1;
    return condition === undefined ? undefined : atom(condition);
  }

  const condition = readOr();
  return position === tokens.length ? condition : undefined;
}

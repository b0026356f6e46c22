/** Placeholders for the names and values of one request. */
import { attribute } from "../table/table.js";

export type PathSegments = readonly (string | number)[];

/** An expression from the caller, with its placeholders. */
export interface GivenExpression {
  readonly text: string | undefined;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The shortest placeholders, which most requests need no more of. */
const textsOf = (kind: string) =>
  Array.from({ length: 64 }, (_, index) => `${kind}${index.toString(36)}`);
const nameTexts = /* @__PURE__ */ textsOf("#");
const valueTexts = /* @__PURE__ */ textsOf(":");

/**
 * Collects the names and values of one request under placeholders that nothing else uses. They are
 * as short as possible, because an expression is limited to 4 KB.
 */
export class Placeholders {
  /** The names, including those of a given expression. */
  readonly names: Record<string, string>;
  /** The values, including those of a given expression. */
  readonly values: Record<string, unknown>;
  private readonly placeholderOf = new Map<string, string>();
  private readonly taken: ReadonlySet<string> | undefined;
  protected nameCount = 0;
  private valueCount = 0;

  /**
   * @param given the caller's own expression in the same request. Placeholders in its text or its
   * maps are not used for anything else, so its meaning never changes
   */
  constructor(given?: GivenExpression) {
    this.names = { ...given?.names };
    this.values = { ...given?.values };
    this.taken = given && placeholdersIn(given);
  }

  name(attributeName: string): string {
    let placeholder = this.placeholderOf.get(attributeName);
    if (placeholder === undefined) {
      do {
        placeholder = nameTexts[this.nameCount] ?? `#${this.nameCount.toString(36)}`;
        this.nameCount += 1;
      } while (this.taken?.has(placeholder));
      this.placeholderOf.set(attributeName, placeholder);
      this.names[placeholder] = attributeName;
    }
    return placeholder;
  }

  value(value: unknown): string {
    let placeholder: string;
    do {
      placeholder = valueTexts[this.valueCount] ?? `:${this.valueCount.toString(36)}`;
      this.valueCount += 1;
    } while (this.taken?.has(placeholder));
    this.values[placeholder] = value;
    return placeholder;
  }

  /** Rewrites a text with the placeholders of another request; a value that occurs twice is sent once. */
  movedTo(other: Placeholders, text: string): string {
    const moved = new Map<string, string>();
    return text.replace(/[#:][0-9a-z]+/g, (placeholder) => {
      const own =
        moved.get(placeholder) ??
        (placeholder.startsWith("#")
          ? other.name(this.names[placeholder] as string)
          : other.value(this.values[placeholder]));
      moved.set(placeholder, own);
      return own;
    });
  }

  /** A path inside the payload. A number is a position in a list, a string always a name. */
  path(segments: PathSegments): string {
    return segments.reduce<string>(
      (text, segment) =>
        typeof segment === "number" ? `${text}[${segment}]` : `${text}.${this.name(segment)}`,
      this.name(attribute.data),
    );
  }
}

/** The placeholders in use, including undefined ones, so that DynamoDB reports them as not defined. */
function placeholdersIn({ text, names, values }: GivenExpression): ReadonlySet<string> {
  return new Set([
    ...Object.keys(names),
    ...Object.keys(values),
    ...(text?.match(/[#:]\w+/g) ?? []),
  ]);
}

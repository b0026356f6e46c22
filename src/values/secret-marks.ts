/** The fields that a payload's schema of zod 4 marks as secret, wherever in a field the mark is. */

/** Of a schema of zod 4, what says which schemas it is made of. */
interface Described {
  readonly meta?: unknown;
  readonly _zod?: { readonly def?: Readonly<Record<string, unknown>> };
}

/** Members of a definition that are schemas, lists of schemas, or objects of schemas. */
const inside = [
  ...["innerType", "in", "out", "element", "valueType", "keyType", "left", "right", "rest"],
  ...["catchall", "options", "items", "shape"],
] as const;

/** What stands around an object, or beside another one. */
const around = ["innerType", "in", "out", "left", "right", "options"] as const;

/** The names of a payload's secret fields: those with a mark on them, or anywhere in them. */
export function secretNamesOf(schema: unknown): readonly string[] {
  return [...namesIn(schema, new Set())];
}

function namesIn(schema: unknown, seen: Set<unknown>): Set<string> {
  const def = defOf(schema);
  if (def === undefined || seen.has(schema)) return new Set();
  seen.add(schema);
  const { shape } = def;
  if (typeof shape === "object" && shape !== null) {
    const marked = Object.entries(shape).filter(([, part]) => isMarked(part, new Set()));
    return new Set(marked.map(([name]) => name));
  }
  const others = [...childrenOf(def, around), gotten(def)];
  return new Set(others.flatMap((other) => [...namesIn(other, seen)]));
}

function isMarked(schema: unknown, seen: Set<unknown>): boolean {
  const def = defOf(schema);
  if (def === undefined || seen.has(schema)) return false;
  seen.add(schema);
  const { meta } = schema as Described;
  const marks: unknown = typeof meta === "function" ? Reflect.apply(meta, schema, []) : undefined;
  if ((marks as { readonly secret?: unknown } | undefined)?.secret === true) return true;
  return [...childrenOf(def, inside), gotten(def)].some((child) => isMarked(child, seen));
}

function defOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return (schema as Described | null | undefined)?._zod?.def;
}

function childrenOf(
  def: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly unknown[] {
  return names.flatMap((name) => {
    const child = def[name];
    const isSchema = typeof child === "object" && child !== null && "_zod" in child;
    if (isSchema || typeof child !== "object" || child === null) return [child];
    return Object.values(child);
  });
}

/** What `z.lazy` is made of. */
function gotten({ getter }: Readonly<Record<string, unknown>>): unknown {
  return typeof getter === "function" ? Reflect.apply(getter, undefined, []) : undefined;
}

/** An issue of a schema, and whether the schema's own words say it. */
interface Told {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly custom?: boolean;
}

/** Shorter texts are in too many messages by chance. */
const leastText = 4;

/**
 * The issues without what they may say of secrets: names inside a secret field, a schema's own words about
 * it or about the whole payload, and words about another field that quote a secret.
 * @param secrets the names of the secret fields
 * @param at the path of the value in the payload
 * @param value the value that was checked
 */
export function withoutSecrets<I extends Told>(
  issues: readonly I[],
  secrets: readonly string[],
  at: readonly PropertyKey[],
  value: unknown,
): I[] {
  if (secrets.length === 0 || issues.length === 0) return [...issues];
  const texts = at.length === 0 ? textsOf(secrets, value) : [];
  return issues.map((issue) => {
    const [field] = [...at, ...issue.path];
    const isSecret = field !== undefined && secrets.includes(String(field));
    const path = isSecret && at.length < 1 ? issue.path.slice(0, 1) : isSecret ? [] : issue.path;
    const lower = issue.message.toLowerCase();
    const tells =
      issue.custom === true &&
      (isSecret || field === undefined || texts.some((text) => lower.includes(text)));
    return { ...issue, path, ...(tells && { message: "is wrong" }) };
  });
}

/** The texts in the secret fields of a payload, in lower case. */
function textsOf(secrets: readonly string[], payload: unknown): string[] {
  const texts: string[] = [];
  const visit = (value: unknown, level: number): void => {
    if (level > mostLevels || texts.length > mostTexts) return;
    if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        visit(name, level + 1);
        visit(member, level + 1);
      }
    } else if (String(value).length >= leastText) texts.push(String(value).toLowerCase());
  };
  for (const name of secrets) {
    visit((payload as Readonly<Record<string, unknown>> | undefined)?.[name], 0);
  }
  return texts;
}

const mostLevels = 8;
const mostTexts = 1000;

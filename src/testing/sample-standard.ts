/** Payloads of another library's schema, of which only validation and the fields are known: values are tried. */
import type { StandardSchema } from "../table/declared.js";
import { StandardPayload } from "../values/standard-payload.js";
import { isStandardSchema } from "../values/standard-schema.js";

interface Wanted {
  /** A number that makes the texts differ. */
  readonly count: number;
  /** Whether fields that may be left out are made too. */
  readonly optional: boolean;
}

/** No object deeper inside a payload is made. */
const mostLevels = 8;

/**
 * A payload with the fields that the schema tells. One that takes none of the tried values is missing.
 */
export function sampleOfStandard(
  payload: StandardPayload,
  wanted: Wanted,
  level = 0,
): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(payload.shape)) {
    if (!wanted.optional && payload.issuesWithout([name]).length === 0) continue;
    const value = candidates(name, part, wanted, level).find(
      (one) => payload.issuesAt([name], one).length === 0,
    );
    if (value !== undefined) made[name] = value;
  }
  return made;
}

/** Values of which a field may take one: first those that its schema names, then some of each type. */
function candidates(name: string, part: unknown, wanted: Wanted, level: number): unknown[] {
  const { count } = wanted;
  const text = `${name} ${count}`;
  return [
    ...namedIn(part),
    ...[text, text.padEnd(40, "x"), text.slice(0, 3)],
    ...[1, 100, -1, 0.5, 1_790_000_000_000, true],
    `person-${count}@example.com`,
    `https://example.com/${count}`,
    `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`,
    ...["2025-03-01", "2025-03-01T12:00:00.000Z", "12:00:00", "192.0.2.1", "+12065550100"],
    2n ** 53n,
    null,
    ...(level < mostLevels && isStandardSchema(part) ? [objectOf(part, wanted, level)] : []),
    [text],
    [1],
    [],
    new Set([text]),
  ];
}

/** The values of an enumeration or a literal, as zod 3 and Valibot name them. */
function namedIn(part: unknown): unknown[] {
  const { options, literal, value } = part as Readonly<Record<string, unknown>>;
  const listed = Array.isArray(options) ? options.filter((one) => typeof one !== "object") : [];
  return [...listed, literal, value].filter((one) => one !== undefined);
}

/** An object with the fields that the schema tells. */
function objectOf(part: StandardSchema, wanted: Wanted, level: number): object {
  return sampleOfStandard(new StandardPayload(part), wanted, level + 1);
}

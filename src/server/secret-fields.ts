/** Keeps the secret fields of payloads on the server: none is asked for or compared. */
import type { ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";

/**
 * Whether a path leads into a secret field. Lists are read to the bottom, because a list is as good a name as
 * the text in it; what is neither a list nor a text names no field, and is the store's to refuse.
 */
export function isSecretField(path: unknown, secrets: readonly string[]): boolean {
  const [first] = [path].flat(Number.POSITIVE_INFINITY);
  return typeof first === "string" && secrets.includes(first);
}

/** The issues of options that ask for secret fields, or compare them. */
export function secretIssues(
  options: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): ValidationIssue[] {
  if (secrets.length === 0) return [];
  const { where, fields } = options;
  const compared = isObject(where) ? Object.keys(where) : [];
  const asked: readonly unknown[] = Array.isArray(fields) ? fields : [];
  const told = (path: string, field: unknown, message: string) =>
    isSecretField(field, secrets) ? [{ path, message }] : [];
  return [
    ...compared.flatMap((name) =>
      told(`where.${name}`, name, "is secret: it cannot be compared from outside"),
    ),
    ...asked.flatMap((name, index) =>
      told(`fields.${index}`, name, "is secret: it never leaves the server"),
    ),
  ];
}

/** The bounds that a payload's schema sets for a field, and what it takes without them. */
import type { z } from "zod";
import { zod } from "../runtime/lazy.js";
import { type PayloadRules, schemaAt } from "./payload.js";
import { isKind, issuesOfSchema, unwrapped } from "./schema-issues.js";
import { StandardPayload } from "./standard-payload.js";

type Path = readonly (string | number)[];

/** The least and the most of the numbers at a path, as far as the schema tells them. */
export function boundsAt(payload: PayloadRules, path: Path): number[] {
  const part = payload instanceof StandardPayload ? undefined : schemaAt(payload, path);
  return part === undefined ? [] : boundsOf(part);
}

function boundsOf(schema: z.ZodType): number[] {
  const part = unwrapped(schema);
  if (isKind(part, "ZodUnion")) return (part.options as readonly z.ZodType[]).flatMap(boundsOf);
  if (!isKind(part, "ZodNumber")) return [];
  return [part.minValue, part.maxValue].filter((bound): bound is number => Number.isFinite(bound));
}

/** Whether a path takes a list or a set of these members, if there could be more or fewer of them. */
export function isTakenBoundless(payload: PayloadRules, path: Path, value: unknown): boolean {
  const part = payload instanceof StandardPayload ? undefined : schemaAt(payload, path);
  return part !== undefined && takesBoundless(part, value);
}

function takesBoundless(schema: z.ZodType, value: unknown): boolean {
  const part = unwrapped(schema);
  if (isKind(part, "ZodUnion")) {
    return (part.options as readonly z.ZodType[]).some((one) => takesBoundless(one, value));
  }
  if (isKind(part, "ZodArray")) {
    return issuesOfSchema(zod().array(part.element as z.ZodType), value).length === 0;
  }
  if (!isKind(part, "ZodSet")) return false;
  const { valueType } = part.def as unknown as { readonly valueType: z.ZodType };
  return issuesOfSchema(zod().set(valueType), value).length === 0;
}

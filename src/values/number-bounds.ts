/** The bounds that a payload's schema sets for a number. */
import { z } from "zod";
import { type PayloadRules, schemaAt } from "./payload.js";
import { unwrapped } from "./schema-issues.js";
import { StandardPayload } from "./standard-payload.js";

/** The least and the most of the numbers at a path, as far as the schema tells them. */
export function boundsAt(payload: PayloadRules, path: readonly (string | number)[]): number[] {
  if (payload instanceof StandardPayload) return [];
  const part = schemaAt(payload, path);
  return part === undefined ? [] : boundsOf(part);
}

function boundsOf(schema: z.ZodType): number[] {
  const part = unwrapped(schema);
  if (part instanceof z.ZodUnion) return (part.options as readonly z.ZodType[]).flatMap(boundsOf);
  if (!(part instanceof z.ZodNumber)) return [];
  return [part.minValue, part.maxValue].filter((bound): bound is number => Number.isFinite(bound));
}

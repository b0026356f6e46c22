/** The parts that write expressions are built from. */
import { atom, type Compiled } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import type { RawItem } from "../table/table.js";

/** A condition with its placeholders. If it fails, the response contains the item. */
export function conditional(own: Placeholders, condition: string) {
  return {
    ConditionExpression: condition,
    ExpressionAttributeNames: own.names,
    ...(Object.keys(own.values).length > 0 && { ExpressionAttributeValues: own.values }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  } as const;
}

/** An assignment; if it is `kept`, an existing value stays. */
export function assigned(own: Placeholders, name: string, value: unknown, kept = false): string {
  const path = own.name(name);
  const given = own.value(value);
  return `${path} = ${kept ? `if_not_exists(${path}, ${given})` : given}`;
}

/** A condition that an attribute is as it was seen, or is still missing. */
export function isStill(own: Placeholders, name: string, seen: RawItem | undefined): Compiled {
  const value: unknown = seen?.[name];
  const path = own.name(name);
  return atom(
    value === undefined ? `attribute_not_exists(${path})` : `${path} = ${own.value(value)}`,
  );
}

/** The conditions under which a stored item is one of the entity's: what `isStoredBy` and `isExpired` tell. */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { attribute } from "../table/table.js";
import { secondsOf } from "./expiry.js";
import type { EntityModel } from "./model.js";

/** A condition that an item of the entity exists, and has not expired. */
export function isOwn(own: Placeholders, model: EntityModel): Compiled {
  const stored = isStored(own, model);
  if (model.expires === undefined) return stored;
  // An item without TTL does not expire: no comparison with a missing attribute holds.
  return joined("AND", [stored, atom(`NOT ${hasExpired(own, model)}`)]);
}

/** A condition that an item was stored by the entity, even if it has expired. */
export function isStored(own: Placeholders, { name }: EntityModel): Compiled {
  return atom(`${own.name(attribute.entityType)} = ${own.value(name)}`);
}

/** A condition that an item has expired. */
export function hasExpired(own: Placeholders, { clock }: EntityModel): string {
  return `${own.name(attribute.timeToLive)} <= ${own.value(secondsOf(clock.now()))}`;
}

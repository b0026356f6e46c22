/** Items as the page gets them: without secrets, and with what they weigh. */
import { fieldKeyBytes, itemSizeOf, sizeOf } from "../entity/item-size.js";
import {
  type Declaration,
  declaredKeys,
  type EntityModel,
  modelOf,
  partText,
} from "../entity/model.js";
import { isObject } from "../runtime/objects.js";
import type { RawKey } from "../table/table.js";
import { checkValue } from "../values/payload.js";
import { orderedMap } from "./ordered.js";
import type { SentItem } from "./protocol.js";

/** An item as a store returns it. */
export interface StoredItem {
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [part: string]: unknown;
}

/** An entity of the data layer, as the explorer sends its items. */
export interface KnownStore {
  readonly store: string;
  readonly model: EntityModel;
  /** @param fields those that were read, without the secrets. @default all */
  sent(item: StoredItem, fields?: readonly string[]): SentItem;
  /** The key of an item, of parts as a page sends them. They were checked by the store before. */
  rawKey(key: Readonly<Record<string, string | number>>): RawKey;
}

export function knownStore(store: string, definition: Declaration): KnownStore {
  const model = modelOf(definition);
  const size = itemSizeOf(model);
  const partsOf = (key: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(
      model.parts.map((name) => [name, partText(model, name, key[name] ?? model.defaults[name])]),
    );
  return {
    store,
    model,
    sent: (item, read) => {
      const { data, createdAt, updatedAt } = item;
      const { secrets } = model;
      const fields = isObject(data) ? data : {};
      const parts = partsOf(item);
      const dataBytes = checkValue({ ...fields }, "", 1).bytes;
      return {
        store,
        key: keyOf(definition, item),
        data: orderedMap(fields, secrets),
        createdAt,
        updatedAt,
        // Of those that were not read it is not known whether they have a value.
        hidden: secrets.filter((name) => read !== undefined || fields[name] != null),
        ...(read !== undefined && { partial: true }),
        bytes: sizeOf(size, parts, dataBytes) + fieldKeyBytes(model, parts, fields),
      };
    },
    rawKey: (key) => {
      const parts = partsOf(key);
      return { PK: model.pk.build(parts), SK: model.sk.build(parts) };
    },
  };
}

function keyOf(definition: Declaration, item: StoredItem): Record<string, string | number> {
  const { parts } = declaredKeys(definition);
  return Object.fromEntries(parts.map((name) => [name, item[name] as string | number]));
}

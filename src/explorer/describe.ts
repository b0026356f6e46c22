/** What the page knows of the entities: keys, indexes, fields, and how items lead to each other. */
import { payloadOf, secretsOf } from "../entity/declared-payload.js";
import type { EntityIndex } from "../entity/indexes.js";
import { type Declaration, type DeclaredKeys, declaredKeys } from "../entity/model.js";
import { attribute } from "../table/table.js";
import { fieldsOf } from "./fields.js";
import type {
  EntityDescription,
  KeyDescription,
  LinkDescription,
  PartDescription,
} from "./protocol.js";

type Declarations = Readonly<Record<string, Declaration>>;

/** The names of the fields of a payload, which are read once: that takes a while. */
type NamesOf = (definition: Declaration) => readonly string[];

/** What links are found by. */
interface Known {
  readonly userParts: readonly string[];
  readonly names: NamesOf;
}

/** @param userParts the parts of keys that name a user */
export function describeEntities(
  definitions: Declarations,
  userParts: readonly string[],
): EntityDescription[] {
  const fieldsIn = new Map(
    Object.values(definitions).map((definition) => [
      definition,
      fieldsOf(payloadOf(definition), secretsOf(definition)),
    ]),
  );
  const names: NamesOf = (definition) => fieldsIn.get(definition)?.map(({ name }) => name) ?? [];
  return Object.entries(definitions).map(([store, definition]) => {
    const keys = declaredKeys(definition);
    const fields = fieldsIn.get(definition) ?? [];
    return {
      store,
      entity: keys.name,
      parts: keys.parts.map((name) => partOf(keys, name)),
      key: {
        name: "byKey",
        pk: { attribute: attribute.partitionKey, template: keys.templates.pk },
        sk: { attribute: attribute.sortKey, template: keys.templates.sk },
        partition: keys.pk.parts.map((name) => partOf(keys, name)),
      },
      indexes: keys.indexes.map((index) => indexOf(keys, index, definition)),
      dated: keys.dated,
      fields,
      ...((definition.version ?? 1) > 1 && { version: definition.version }),
      ...(keys.expires !== undefined && { expires: keys.expires }),
      ofUser: keys.pk.parts.length > 0 && keys.pk.parts.every((part) => userParts.includes(part)),
      links: linksOf(store, definitions, { userParts, names }),
    };
  });
}

function partOf({ forms, defaults }: DeclaredKeys, name: string): PartDescription {
  const isNumber = name === "createdAt" || typeof forms[name] === "number";
  const fallback = defaults[name];
  return {
    name,
    kind: isNumber ? "number" : "text",
    ...(fallback !== undefined && { fallback }),
  };
}

function indexOf(
  keys: DeclaredKeys,
  { name, index, pk, sk }: EntityIndex,
  definition: Declaration,
): KeyDescription {
  const declared = definition.schema().indexes[name];
  const templateOf = (key: { readonly template?: string | undefined } | undefined) =>
    key?.template ?? "";
  return {
    name,
    index,
    pk: { attribute: pk.attribute, template: templateOf(declared?.pk) },
    sk: { attribute: sk.attribute, template: templateOf(declared?.sk) },
    partition: pk.template.parts.map((part) => partOf(keys, part.replace(/^data\./, ""))),
  };
}

/**
 * A field of the name of another entity's last key part leads to that item, if this item has the other parts
 * of its key, too. All names of a user stand for the same person.
 */
function linksOf(store: string, definitions: Declarations, known: Known): LinkDescription[] {
  const own = definitions[store];
  if (own === undefined) return [];
  return Object.entries(definitions)
    .filter(([other]) => other !== store)
    .flatMap(([other, definition]) => [
      ...leadsTo(own, other, definition, known),
      ...isNamedBy(own, other, definition, known),
    ]);
}

/** The members of an item that have the values of another key's parts; `undefined` if one is missing. */
function membersFor(
  parts: readonly string[],
  own: DeclaredKeys,
  userParts: readonly string[],
): Record<string, string> | undefined {
  const members = parts.map((part): readonly [string, string | undefined] => {
    if (own.parts.includes(part)) return [part, part];
    const alias = userParts.includes(part)
      ? own.parts.find((one) => userParts.includes(one))
      : undefined;
    return [part, alias];
  });
  if (members.some(([, member]) => member === undefined)) return undefined;
  return Object.fromEntries(members) as Record<string, string>;
}

function leadsTo(
  own: Declaration,
  store: string,
  other: Declaration,
  { userParts, names }: Known,
): LinkDescription[] {
  const keys = declaredKeys(own);
  const { parts } = declaredKeys(other);
  const last = parts.at(-1);
  if (last === undefined || keys.parts.includes(last) || userParts.includes(last)) return [];
  if (!names(own).includes(last)) return [];
  const members = membersFor(parts.slice(0, -1), keys, userParts);
  return members === undefined
    ? []
    : [{ store, kind: "one", parts: { ...members, [last]: `data.${last}` } }];
}

function isNamedBy(
  own: Declaration,
  store: string,
  other: Declaration,
  { userParts, names }: Known,
): LinkDescription[] {
  const keys = declaredKeys(own);
  const last = keys.parts.at(-1);
  if (last === undefined || userParts.includes(last)) return [];
  const theirs = declaredKeys(other);
  if (theirs.parts.includes(last) || !names(other).includes(last)) return [];
  const members = membersFor(theirs.pk.parts, keys, userParts);
  return members === undefined
    ? []
    : [{ store, kind: "many", parts: members, where: { field: last, part: last } }];
}

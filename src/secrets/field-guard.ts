/**
 * Stands between the requests and the wire: seals the secrets that go out, opens those that come in.
 * Whatever reads or writes through the transport passes it, native chains too.
 */
import { ofEach, withValues } from "../client/marshalling.js";
import { nativeValue, valueText } from "../client/wire-format.js";
import { type CallContext, invalid } from "../errors/errors.js";
import type { KeyTemplate } from "../keys/template.js";
import { attribute, type EntityName, type RawItem } from "../table/table.js";
import type { FieldGuard } from "../transport/options.js";
import {
  type Cipher,
  currentKeyFor,
  type SecretPlace,
  sealedKeyId,
  type Unreadable,
} from "./encryption.js";
import { isOpened, noteSecrets, unreadableOf } from "./opened.js";
import { SecretValue } from "./secret-value.js";
import { refuseUnreadable } from "./unreadable.js";

/** An entity that may have secret fields. */
export interface GuardedEntity {
  readonly name: EntityName;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  /** Its secret fields; often none. */
  readonly fields: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** @param cipher none where no keys are configured: a sealed secret is then told from a clear one */
export function createFieldGuard(
  entities: readonly GuardedEntity[],
  cipher: Cipher | undefined,
): FieldGuard {
  let everyField: readonly string[] | undefined;
  const allFields = () => {
    everyField ??= [...new Set(entities.flatMap(({ fields }) => fields))];
    return everyField;
  };

  /** The secret fields of a stored item; all there are where it was read without its entity. */
  const fieldsOf = (item: RawItem): readonly string[] | undefined => {
    const name = item[attribute.entityType];
    if (name === undefined) return allFields();
    const fields = entities.find((entity) => entity.name === name)?.fields;
    return fields?.length === 0 ? undefined : fields;
  };

  async function openField(item: RawItem, field: string, value: unknown): Promise<Found> {
    if (sealedKeyId(value) === undefined) {
      return cipher?.clearText === "refuse" ? { reason: "clearText" } : { value };
    }
    if (cipher === undefined) return { reason: "noKeys", keyId: sealedKeyId(value) };
    const key = { PK: item[attribute.partitionKey], SK: item[attribute.sortKey] };
    const opened = await cipher.open(value as string, { key, field });
    if ("reason" in opened) return opened;
    return { value: nativeValue(JSON.parse(opened.text)) };
  }

  async function openItem(
    item: RawItem,
    data: Record<string, unknown>,
    fields: readonly string[],
    operation: string | undefined,
  ): Promise<void> {
    const stored = Object.fromEntries(fields.map((field) => [field, data[field]]));
    const found = await Promise.all(
      fields.map(async (field) => [field, await openField(item, field, data[field])] as const),
    );
    let unreadable: (Unreadable & { field: string }) | undefined;
    for (const [field, one] of found) {
      if ("reason" in one) unreadable ??= { ...one, field };
      else data[field] = one.value;
    }
    noteSecrets(item, stored, unreadable && { ...unreadable, operation });
  }

  return {
    sealed: (input, context) => {
      const secrets = secretsIn(input);
      return secrets.length === 0 ? undefined : withSealed(input, secrets, cipher, context);
    },
    opened: (items, { operation }) => {
      let opening: Promise<void>[] | undefined;
      for (const item of items) {
        const fields = fieldsOf(item);
        const data = fields === undefined ? undefined : item[attribute.data];
        if (fields === undefined || !isFields(data) || isOpened(item)) continue;
        const held = fields.filter((field) => isToBeOpened(data[field], cipher));
        if (held.length === 0) continue;
        opening ??= [];
        opening.push(openItem(item, data as Record<string, unknown>, held, operation));
      }
      return opening && Promise.all(opening);
    },
    refuseClear: (input) => {
      if (cipher === undefined) return;
      for (const { PK, SK } of writtenKeys(input)) {
        const entity = entities.find(
          ({ pk, sk }) => String(PK).startsWith(pk.prefix) && String(SK).startsWith(sk.prefix),
        );
        if (entity === undefined || entity.fields.length === 0) continue;
        const message = `would store ${entity.fields.join(" and ")} in clear text: write it by its store`;
        throw invalid({ operation: "native write", entity: entity.name }, [{ path: "", message }]);
      }
    },
    refuseUnreadable: (items, written) => {
      for (const item of items) {
        const field = unreadableOf(item)?.field;
        if (field === undefined) continue;
        const entity = entities.find(
          ({ name, fields }) =>
            name === (item[attribute.entityType] ?? name) && fields.includes(field),
        );
        if (entity !== undefined) refuseUnreadable(entity, item, written);
      }
    },
  };
}

type Found = { readonly value: unknown } | Unreadable;

/** Whether there is anything to open, or to refuse: what is null or missing is no secret. */
function isToBeOpened(value: unknown, cipher: Cipher | undefined): boolean {
  if (value === undefined || value === null) return false;
  return cipher?.clearText === "refuse" || sealedKeyId(value) !== undefined;
}

async function withSealed(
  input: Fields,
  secrets: readonly SecretValue[],
  cipher: Cipher | undefined,
  context: CallContext,
): Promise<Fields> {
  // Without a cipher nobody makes a secret value; one that came here all the same must not go on.
  if (cipher === undefined) throw new TypeError("a secret value has come where no keys are");
  const current = await currentKeyFor(cipher, context);
  const texts = new Map<SecretValue, string>();
  await Promise.all(
    secrets.map(async (secret) => {
      texts.set(secret, await cipher.seal(valueText(secret.reveal()), secret.place, current));
    }),
  );
  return replaced(input, (secret) => texts.get(secret));
}

/** The secret values of a request, in an item or among the values of an expression. */
function secretsIn(input: Fields): SecretValue[] {
  const found: SecretValue[] = [];
  replaced(input, (secret) => {
    found.push(secret);
    return secret;
  });
  return found;
}

/** A request with its secret values replaced; the same one where nothing is. */
function replaced(input: Fields, replace: (secret: SecretValue) => unknown): Fields {
  const own = (value: unknown) => (value instanceof SecretValue ? replace(value) : value);
  return withValues(input, (value) => {
    const isMap = !(value instanceof SecretValue) && isPlain(value);
    return isMap ? ofEach(value, own) : own(value);
  });
}

/** The keys that a request puts or updates; what it deletes or checks stores nothing. */
function writtenKeys(input: Fields): SecretPlace["key"][] {
  const { Item, Key, UpdateExpression, RequestItems, TransactItems } = input;
  const own = isFields(Item) ? [Item] : UpdateExpression !== undefined ? [Key] : [];
  const parts = [
    ...Object.values(isFields(RequestItems) ? RequestItems : {}),
    ...(Array.isArray(TransactItems) ? [TransactItems] : []),
  ].flatMap((requests) => (Array.isArray(requests) ? requests : []));
  const nested = parts.filter(isFields).flatMap((request) => Object.values(request));
  return [
    ...own.filter(isFields),
    ...nested.filter(isFields).flatMap(writtenKeys),
  ] as unknown as SecretPlace["key"][];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isPlain(value: unknown): value is Fields {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/**
 * Seals the secrets in requests, and opens those in responses. It handles all reads and writes of
 * the transport, including those of ElectroDB's native chains.
 */
import { nativeValue } from "../client/wire-format.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { isKeyOf, type KeyTemplate, keyPartsOf } from "../keys/template.js";
import { isObject } from "../runtime/objects.js";
import { attribute, type RawItem } from "../table/table.js";
import type { FieldGuard } from "../transport/options.js";
import { type Cipher, sealedKeyId, type Unreadable } from "./encryption.js";
import { isOpened, noteSecrets, type UnreadableField, unreadableOf } from "./opened.js";
import { type Fields, secretsIn, withSealed, writtenKeys } from "./secret-requests.js";
import { refuseUnreadable } from "./unreadable.js";

/** An entity that may have secret fields. */
export interface GuardedEntity {
  readonly name: string;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  /** Its secret fields; most entities have none. */
  readonly fields: readonly string[];
  /** Whether a payload that is stored without its version would be taken for one of version 1. */
  readonly versioned: boolean;
}

/**
 * Makes the guard for a set of entities.
 * @param cipher `undefined` if no keys are configured: a sealed secret then cannot be read
 */
export function createFieldGuard(
  entities: readonly GuardedEntity[],
  cipher: Cipher | undefined,
): FieldGuard {
  return new SecretsGuard(entities, cipher);
}

type Found = { readonly value: unknown } | Unreadable;

class SecretsGuard implements FieldGuard {
  readonly #entities: readonly GuardedEntity[];
  /** Those with secrets, which most have none of: each item that is read is looked up here. */
  #secretive: readonly GuardedEntity[] | undefined;
  readonly #cipher: Cipher | undefined;
  readonly #isVersioned: boolean;
  #allFields: readonly string[] | undefined;

  constructor(entities: readonly GuardedEntity[], cipher: Cipher | undefined) {
    this.#entities = entities;
    this.#cipher = cipher;
    this.#isVersioned = entities.some(({ versioned }) => versioned);
  }

  sealed(input: Fields, context: CallContext): Promise<Fields> | undefined {
    const secrets = secretsIn(input);
    return secrets.length === 0 ? undefined : withSealed(input, secrets, this.#cipher, context);
  }

  opened(items: readonly RawItem[], { operation }: CallContext): Promise<unknown> | undefined {
    let opening: Promise<void>[] | undefined;
    for (const item of items) {
      const fields = this.#fieldsOf(item);
      const data = fields === undefined ? undefined : item[attribute.data];
      if (fields === undefined || !isObject(data) || isOpened(item)) continue;
      const held = fields.filter((field) => this.#isToBeOpened(data[field]));
      if (held.length === 0) continue;
      opening ??= [];
      opening.push(this.#openItem(item, data as Record<string, unknown>, held, operation));
    }
    return opening && Promise.all(opening);
  }

  refuseNative(input: Fields): void {
    const isEncrypted = this.#cipher !== undefined;
    if (!isEncrypted && !this.#isVersioned) return;
    for (const { PK, SK } of writtenKeys(input)) {
      this.#refuseVersionless(String(PK), String(SK));
      if (!isEncrypted) continue;
      const entity = this.#entities.find(
        ({ pk, sk }) => String(PK).startsWith(pk.prefix) && String(SK).startsWith(sk.prefix),
      );
      if (entity === undefined || entity.fields.length === 0) continue;
      const message = `would store ${entity.fields.join(" and ")} in clear text: write it through its store`;
      const key = keyPartsOf(entity, { PK: String(PK), SK: String(SK) });
      throw invalidAt({ entity: entity.name, key }, "", message);
    }
  }

  #refuseVersionless(PK: string, SK: string): void {
    const isAtKey = ({ pk, sk }: GuardedEntity) => isKeyOf(pk, PK) && isKeyOf(sk, SK);
    const entity = this.#entities.find((one) => one.versioned && isAtKey(one));
    if (entity === undefined) return;
    const message = "would store a payload without its version: write it through its store";
    const key = keyPartsOf(entity, { PK, SK });
    throw invalidAt({ entity: entity.name, key }, "", message);
  }

  refuseUnreadable(items: readonly RawItem[], written: boolean): void {
    for (const item of items) {
      const field = unreadableOf(item)?.field;
      if (field === undefined) continue;
      const entity = this.#entities.find(
        ({ name, fields }) =>
          name === (item[attribute.entityType] ?? name) && fields.includes(field),
      );
      if (entity !== undefined) refuseUnreadable(entity, item, written);
    }
  }

  /**
   * The secret fields that a stored item may have; those of all entities if it does not name its own.
   */
  #fieldsOf(item: RawItem): readonly string[] | undefined {
    const name = item[attribute.entityType];
    if (name === undefined) {
      this.#allFields ??= [...new Set(this.#entities.flatMap(({ fields }) => fields))];
      return this.#allFields;
    }
    this.#secretive ??= this.#entities.filter(({ fields }) => fields.length > 0);
    return this.#secretive.find((entity) => entity.name === name)?.fields;
  }

  /** Whether a value must be opened or refused. Null and a missing value are not secrets. */
  #isToBeOpened(value: unknown): boolean {
    if (value === undefined || value === null) return false;
    return this.#cipher?.clearText === "refuse" || sealedKeyId(value) !== undefined;
  }

  /**
   * Opens an item's secrets in place. Records how they are stored, and the first that cannot be opened.
   */
  async #openItem(
    item: RawItem,
    data: Record<string, unknown>,
    fields: readonly string[],
    operation: string | undefined,
  ): Promise<void> {
    const stored = Object.fromEntries(fields.map((field) => [field, data[field]]));
    const found = await Promise.all(
      fields.map(
        async (field) => [field, await this.#openField(item, field, data[field])] as const,
      ),
    );
    const unreadable: UnreadableField[] = [];
    for (const [field, one] of found) {
      if ("reason" in one) unreadable.push({ ...one, field, operation });
      else data[field] = one.value;
    }
    noteSecrets(item, stored, unreadable);
  }

  async #openField(item: RawItem, field: string, value: unknown): Promise<Found> {
    const cipher = this.#cipher;
    const keyId = sealedKeyId(value);
    if (keyId === undefined) {
      return cipher?.clearText === "refuse" ? { reason: "clearText" } : { value };
    }
    if (cipher === undefined) return { reason: "noKeys", keyId };
    const key = { PK: item[attribute.partitionKey], SK: item[attribute.sortKey] };
    const opened = await cipher.open(value as string, { key, field });
    if ("reason" in opened) return opened;
    return { value: nativeValue(JSON.parse(opened.text)) };
  }
}

/** Finds the secret values in a request, and the keys of the items that it stores. */
import { ofEach, withValues } from "../client/marshalling.js";
import { valueText } from "../client/wire-format.js";
import type { CallContext } from "../errors/context.js";
import { isObject } from "../runtime/objects.js";
import { attribute } from "../table/table.js";
import { type Cipher, currentKeyFor, type SecretPlace } from "./encryption.js";
import { SecretValue } from "./secret-value.js";

/** The input of a request, or a part of it. */
export type Fields = Readonly<Record<string, unknown>>;

/** The secret values of a request, in its items or among the values of its expressions. */
export function secretsIn(input: Fields): SecretValue[] {
  const found: SecretValue[] = [];
  replaced(input, (secret) => {
    found.push(secret);
    return secret;
  });
  return found;
}

/** The request with its secret values sealed. @throws DynamoDBError if there is no key */
export async function withSealed(
  input: Fields,
  secrets: readonly SecretValue[],
  cipher: Cipher | undefined,
  context: CallContext,
): Promise<Fields> {
  // No secret value is made without a cipher. If there is one nevertheless, it must not be sent.
  if (cipher === undefined)
    throw new TypeError("a secret value was passed, but no encryption keys are configured");
  const current = await currentKeyFor(cipher, context);
  const texts = new Map<SecretValue, string>();
  await Promise.all(
    secrets.map(async (secret) => {
      texts.set(secret, await cipher.seal(valueText(secret.reveal()), secret.place, current));
    }),
  );
  return replaced(input, (secret) => texts.get(secret));
}

/** A request with its secret values replaced; the same object if it has none. */
function replaced(input: Fields, replace: (secret: SecretValue) => unknown): Fields {
  const own = (value: unknown) => (value instanceof SecretValue ? replace(value) : value);
  return withValues(input, (value) => {
    const isMap = !(value instanceof SecretValue) && isPlain(value);
    return isMap ? ofEach(value, own) : own(value);
  });
}

/**
 * The keys of the items that a request puts, or whose payload it updates. A delete and a condition
 * check store nothing.
 */
export function writtenKeys(input: Fields): SecretPlace["key"][] {
  const { Item, Key, UpdateExpression, RequestItems, TransactItems } = input;
  const updates = UpdateExpression !== undefined && namesPayload(input);
  const own = isObject(Item) ? [Item] : updates ? [Key] : [];
  const parts = [
    ...Object.values(isObject(RequestItems) ? RequestItems : {}),
    ...(Array.isArray(TransactItems) ? [TransactItems] : []),
  ].flatMap((requests) => (Array.isArray(requests) ? requests : []));
  const nested = parts.filter(isObject).flatMap((request) => Object.values(request));
  return [
    ...own.filter(isObject),
    ...nested.filter(isObject).flatMap(writtenKeys),
  ] as unknown as SecretPlace["key"][];
}

/** Whether an expression may write the payload: by a placeholder for its name, or by the name itself. */
function namesPayload({ ExpressionAttributeNames: names, UpdateExpression }: Fields): boolean {
  const isNamed = isObject(names) && Object.values(names).includes(attribute.data);
  return isNamed || new RegExp(`\\b${attribute.data}\\b`).test(String(UpdateExpression));
}

function isPlain(value: unknown): value is Fields {
  return Object.prototype.toString.call(value) === "[object Object]";
}

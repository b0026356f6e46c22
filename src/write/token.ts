/**
 * A caller's own token for a transaction. DynamoDB carries out one transaction under a token in ten minutes, and
 * takes a later request for the same one only if it is the same byte for byte. A call that is made again by
 * another process is not, because the times in it are others. So each item that is written keeps a mark of the
 * token and the operations, by which the later call recognises the earlier one.
 */
import { createHash } from "node:crypto";
import type { Call } from "../call/call.js";
import type { ReadWhere } from "../conditions/conditions.js";
import { Placeholders } from "../conditions/placeholders.js";
import { isOf, itemOf } from "../entity/item.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import {
  asItIsNow,
  keyId,
  keysById,
  leftUnprocessed,
  readMany,
  type Table,
} from "../read/reader.js";
import { attribute, type RawItem } from "../table/table.js";
import { exactTextOf } from "../values/exact-number.js";
import { isPlainMap } from "../values/payload.js";
import type { PlannedWrite, Write, WriteRequest } from "./plan.js";

/** Notes what a write was planned from, of which a token's mark is made. */
export function planned<W extends Write<unknown>>(write: W, plan: object): W {
  write.plan = plan;
  return write;
}

/** A transaction's token as it is sent, and the mark of the items that it writes. */
export interface Token {
  readonly text: string;
  readonly mark: string;
}

/** How many characters DynamoDB takes. Engines count them in bytes, too. */
const mostCharacters = 36;

/**
 * Reads a token.
 * @param owner the parts of a key by which a scope keeps its tokens apart from those of others
 * @throws ValidationError for anything but a text of 1 to 36 bytes, or if a key is generated
 */
export function tokenOf(
  given: unknown,
  writes: readonly PlannedWrite[],
  context: CallContext,
  owner?: Readonly<Record<string, string>>,
): Token | undefined {
  if (given === undefined) return undefined;
  const isText = typeof given === "string" && given.isWellFormed();
  if (!isText || given === "" || Buffer.byteLength(given) > mostCharacters) {
    const message = `must be a text of 1 to ${mostCharacters} characters, counted as bytes of UTF-8`;
    throw invalidAt(context, "token", message);
  }
  const issues = writes.flatMap(({ write }, index): ValidationIssue[] => {
    if (write.plan?.isGenerated !== true) return [];
    const message =
      "must have its whole key under a token: the same call must create the same item";
    return [{ path: `operations[${index}]`, message }];
  });
  if (issues.length > 0) throw invalid(context, issues);
  const text = owner === undefined ? given : hashOf([given, owner]).slice(0, mostCharacters);
  return { text, mark: hashOf([text, ...writes.map(argumentsOf)]).slice(0, 22) };
}

/** The item of a transaction with the mark on what it stores. */
export function withMark({ kind, input }: WriteRequest, { mark }: Token): WriteRequest {
  if (kind === "Put") {
    return {
      kind,
      input: { ...input, Item: { ...input.Item, [attribute.transactionMark]: mark } },
    };
  }
  if (kind !== "Update") return { kind, input } as WriteRequest;
  const [name, value] = [
    free("#T", input.ExpressionAttributeNames),
    free(":T", input.ExpressionAttributeValues),
  ];
  const expression = `SET ${name} = ${value}, ${input.UpdateExpression?.slice("SET ".length)}`;
  return {
    kind,
    input: {
      ...input,
      UpdateExpression: expression,
      ExpressionAttributeNames: {
        ...input.ExpressionAttributeNames,
        [name]: attribute.transactionMark,
      },
      ExpressionAttributeValues: { ...input.ExpressionAttributeValues, [value]: mark },
    },
  };
}

/** A placeholder that is not among those of a request. The package's have no capitals, a caller's any. */
function free(wanted: string, taken: object = {}): string {
  let name = wanted;
  while (Object.hasOwn(taken, name)) name += "T";
  return name;
}

/**
 * The results of the transaction that DynamoDB has carried out under the token, if an item shows that it had the
 * same operations; one request, or two.
 * @throws DynamoDBError `IdempotentParameterMismatchException` if none does
 */
export async function resultsOfEarlier(
  table: Table,
  writes: readonly PlannedWrite[],
  { mark }: Token,
  call: Call,
  cause: unknown,
): Promise<unknown[]> {
  const keys = keysById(writes.map(({ write }) => write.key));
  const { items, left, why, cause: end } = await readMany(table, keys, call, asItIsNow);
  if (left.size > 0) {
    // The transaction under the token may have been this one.
    call.onAnswerLost?.();
    throw end ?? leftUnprocessed(why);
  }
  const found = writes.map(({ write }) => items.get(keyId(write.key)));
  const isSame = found.some((item) => item?.[attribute.transactionMark] === mark);
  const created = writes.map((one, index) => createdOf(one, found[index]));
  if (isSame && !created.includes(null)) return created;
  // It may have been this one, whose items have been written or deleted since.
  call.onAnswerLost?.();
  const rule = isSame
    ? "a transaction with this token and these operations was carried out, and an item that it created has been deleted since"
    : "a transaction with this token was carried out in the last ten minutes, and no item shows that it had these operations";
  const message = describe(call.context, rule);
  const code = "IdempotentParameterMismatchException";
  const error = new DynamoDBError({ message, code, statusCode: 400, cause });
  throw withContext(error, call.context);
}

/** The result of one operation: the item of a `create`, `null` if there is none any more, else `undefined`. */
function createdOf({ write, model }: PlannedWrite, item: RawItem | undefined): unknown {
  if (write.context.operation !== "create" || model === undefined) return undefined;
  return item !== undefined && isOf(model, item) ? itemOf(model, item) : null;
}

/** What a caller gave for an operation, without encrypted secrets, of which not even a hash is stored. */
function argumentsOf({ write, context, model }: PlannedWrite): unknown {
  const { operation } = context;
  const { PK, SK } = write.key;
  const secrets = model?.encrypted ?? [];
  const { data, changes, ...plan } = write.plan ?? {};
  const ofField = (field: unknown, value: unknown) =>
    secrets.includes(String(field)) ? "a secret" : value;
  return {
    ...{ operation, PK, SK, ...plan },
    data: data && mapped(Object.entries(data), ofField),
    changes:
      changes &&
      mapped(
        changes.map(({ path, value }) => [path, value]),
        ofField,
      ),
  };
}

/** Values by their fields or paths, in one order. */
function mapped(
  fields: readonly (readonly [unknown, unknown])[],
  ofField: (field: unknown, value: unknown) => unknown,
): object {
  return Object.fromEntries(
    fields.map(([place, value]) => [
      JSON.stringify([place].flat()),
      ofField([place].flat()[0], value),
    ]),
  );
}

function hashOf(value: unknown): string {
  const text = JSON.stringify(value, function (this: unknown, name: string) {
    // The member itself: `toJSON` has made a text of an exact number, and an object of a Buffer.
    return plain((this as Readonly<Record<string, unknown>>)[name]);
  });
  return createHash("sha256").update(text).digest("base64url");
}

/** A value as JSON has it: maps in one order, and each kind of value in a form of its own. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return { number: String(value) };
  if (typeof value === "function") return conditionOf(value as ReadWhere);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Set)
    return { set: [...value].map((one) => JSON.stringify(plain(one))).sort() };
  if (isPlainMap(value)) {
    return { map: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) };
  }
  return { number: exactTextOf(value) };
}

/** A condition that was read, with placeholders of its own. */
function conditionOf(where: ReadWhere): object {
  const own = new Placeholders();
  const { text } = where(own);
  return { text, names: own.names, values: own.values };
}

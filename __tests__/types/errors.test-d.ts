/** Type tests of the errors: what a `switch` knows of a code, and what the constructors accept. */
import {
  AbortedError,
  ConditionalCheckFailedError,
  ConfigurationError,
  DecryptionError,
  DynamoDBError,
  type ErrorCode,
  type ErrorKey,
  ItemNotFoundError,
  isDynamoDBError,
  type ThrottlingCode,
  ThroughputExceededError,
  TimeoutError,
  TransactionCanceledError,
  type UnlistedCode,
  UnprocessedItemsError,
  ValidationError,
} from "bayon-coagent-data";
import type { ErrorCode as CodeForBrowsers } from "bayon-coagent-data/keys";

type Same<A, B> = [A, B] extends [B, A] ? true : never;
const same = <A, B>(_: Same<A, B>): void => undefined;

export function advise(error: DynamoDBError): string {
  switch (error.code) {
    case "ItemNotFound":
      same<typeof error.code, "ItemNotFound">(true);
      return "create it";
    case "ThrottlingException":
    case "ECONNRESET":
      same<typeof error.code, "ThrottlingException" | "ECONNRESET">(true);
      return "try again";
    case undefined:
      return "look at the cause";
    // @ts-expect-error -- a misspelled code
    case "ConditionalCheckFailed":
      return "never";
    default: {
      // What is left always contains the codes of later versions.
      const later: Extract<typeof error.code, UnlistedCode> = "(a code that is not listed)";
      const text: string = error.code;
      return later + text;
    }
  }
}

// A switch over every listed code is not exhaustive: unlisted codes remain.
export const rest = (code: UnlistedCode): string => code;
export function exhausted(code: ErrorCode | UnlistedCode): string {
  return code === "(a code that is not listed)" ? rest(code) : listed(code);
}
export const listed = (code: ErrorCode): string => code;
// @ts-expect-error -- an unlisted code is none of the list
listed("(a code that is not listed)");
// @ts-expect-error -- nor is any text
listed("TestCode");

export function guarded(thrown: unknown): void {
  if (!isDynamoDBError(thrown)) return;
  same<typeof thrown.code, ErrorCode | UnlistedCode | undefined>(true);
  same<typeof thrown.key, ErrorKey | undefined>(true);
  // @ts-expect-error -- no error has this code
  if (thrown.code === "UnprocessedItem") return;
  if (thrown instanceof ItemNotFoundError) same<typeof thrown.code, "ItemNotFound">(true);
  if (thrown instanceof ThroughputExceededError) {
    same<typeof thrown.code, ThrottlingCode | UnlistedCode>(true);
    // @ts-expect-error -- a throttled request has another code
    if (thrown.code === "ItemNotFound") return;
  }
  if (thrown instanceof UnprocessedItemsError) {
    same<typeof thrown.code, ErrorCode | UnlistedCode | undefined>(true);
  }
}
same<ErrorCode, CodeForBrowsers>(true);

// Each list is in the union.
const codes: ErrorCode[] = [
  "RequestLimitExceeded",
  "UnreadableAnswer",
  "ETIMEDOUT",
  "SignatureDoesNotMatch",
  "CredentialsProviderError",
  "AccessDeniedException",
  "WriteContention",
];

const cause: unknown = undefined;
const common = { cause, operation: "update", entity: "Project", mayHaveBeenDone: true };
export const byOptions = [
  new DynamoDBError({
    ...common,
    message: "m",
    code: "WrongTable",
    statusCode: 400,
    retryable: true,
  }),
  new ItemNotFoundError({ ...common, message: "m" }),
  new ConditionalCheckFailedError({ ...common, message: "m", item: {} }),
  new ThroughputExceededError({ ...common, message: "m", code: "ThrottlingException" }),
  new ValidationError({ ...common, message: "m", issues: [{ path: "a", message: "b" }] }),
  new TransactionCanceledError({ ...common, message: "m", reasons: [], retryable: true }),
  new UnprocessedItemsError({ ...common, message: "m", items: [], written: 1 }),
  new ConfigurationError({ ...common, message: "m", retryable: true }),
  new DecryptionError({ ...common, message: "m", field: "accessToken", keyId: "k" }),
  new TimeoutError({ ...common, message: "m", items: [], written: 1 }),
  new AbortedError({ ...common, message: "m", items: [], written: 1 }),
];
export const byMessageAndOptions = [
  new DynamoDBError("m", { ...common, code: "WrongTable" }),
  new ValidationError("m", { ...common, issues: [] }),
  new DecryptionError("m", { ...common, field: "accessToken" }),
];
export const byPosition = [
  new DynamoDBError("m", "a code of the application", 500, true, cause),
  new ItemNotFoundError("PK", "SK", "m", cause),
  new ConditionalCheckFailedError("m", cause, {}),
  new ThroughputExceededError("m", cause, "ThrottlingException"),
  new ValidationError("m", cause, []),
  new TransactionCanceledError("m", cause, [], true),
  new UnprocessedItemsError("m", [], 1, cause),
  new ConfigurationError("m", cause, true),
  new DecryptionError("m", "accessToken", "k", cause),
  new TimeoutError("m", cause),
  new AbortedError("m", cause),
];
export const byDefault = [
  new ConditionalCheckFailedError(),
  new ThroughputExceededError(),
  new TransactionCanceledError(),
  new TimeoutError(),
  new AbortedError(),
];

// @ts-expect-error -- an option that it does not have
new ValidationError({ message: "m", issue: [] });
// @ts-expect-error -- it needs a message
new ValidationError({ issues: [] });
// @ts-expect-error -- it needs a message, or both parts of the key
new ItemNotFoundError({ pk: "p" });
// @ts-expect-error -- a code that is not listed; the positional form takes any
new DynamoDBError({ message: "m", code: "MyCode" });
// @ts-expect-error -- its code is always the same
new ItemNotFoundError({ message: "m", code: "ItemNotFound" });
// @ts-expect-error -- it has a field
new DecryptionError({ message: "m" });

/** An application's own class, with a code of its own. */
export class QuotaError extends DynamoDBError {
  constructor() {
    super("over quota", "QuotaExceeded", 429, true);
  }
}

export { codes };

/**
 * The codes of errors, in lists by what follows from them. Whether to send a request again, and
 * whether a failed write may have been carried out, is decided by these lists; `ErrorCode` is their
 * union.
 */

/** The code of a response that is incomplete or does not come from DynamoDB. */
export const unreadableCode = "UnreadableAnswer";

/** DynamoDB, or AWS in front of it, throttled the request. */
const throttlingCodes = [
  "ProvisionedThroughputExceededException",
  "ProvisionedThroughputExceeded",
  "ThrottlingException",
  "Throttling",
  "ThrottlingError",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
  "SlowDown",
  "PriorRequestNotComplete",
  "LimitExceededException",
] as const;

/** DynamoDB, or AWS in front of it, could not carry the request out at this moment. */
const passingCodes = [
  "InternalServerError",
  "InternalServerErrorException",
  "InternalFailure",
  "InternalError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "RequestTimeout",
  "RequestTimeoutException",
  "TransactionConflictException",
  "TransactionConflict",
  "TransactionInProgressException",
  "ReplicatedWriteConflictException",
] as const;

/** The same request may succeed a moment later. */
const transientCodes = [
  ...passingCodes,
  "TimeoutError",
  "NetworkingError",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  unreadableCode,
] as const;

/** The signature was refused, perhaps only because of its time. */
const signatureCodes = [
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
] as const;

/** The SDK found no credentials, or could not get them. */
const credentialsCodes = ["CredentialsProviderError", "TokenProviderError"] as const;

/**
 * DynamoDB refused the request for another reason, so it was not carried out. The list is closed: a gateway in between
 * has 4xx responses of its own, with similar names, and may send them for requests that it has
 * forwarded. TransactionInProgressException is not in it, because the transaction it refuses is being
 * carried out.
 */
const refusalCodes = [
  "AccessDenied",
  "AccessDeniedException",
  "ConditionalCheckFailedException",
  "DuplicateItemException",
  "ExpiredToken",
  "ExpiredTokenException",
  "IdempotentParameterMismatchException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidAction",
  "InvalidClientTokenId",
  "InvalidEndpointException",
  "ItemCollectionSizeLimitExceededException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "OptInRequired",
  "ReplicatedWriteConflictException",
  "ResourceInUseException",
  "ResourceNotFoundException",
  "SerializationException",
  "TableInUseException",
  "TableNotFoundException",
  "TransactionCanceledException",
  "TransactionConflictException",
  "UnknownOperationException",
  "UnrecognizedClientException",
  "ValidationException",
] as const;

/** The codes that only this package gives. */
export type PackageCode =
  | "AbortError"
  | "AnswerLost"
  | "ConfigurationError"
  | "DecryptionError"
  | "ItemNotFound"
  | "KeyProviderError"
  | "NewerVersion"
  | "RefreshTokenMissing"
  | "ResultNotMade"
  | "TooManyReads"
  | "UnprocessedItems"
  | "UpgradeFailed"
  | "WriteContention"
  | "WrongTable";

/** How DynamoDB says that it throttled a request. */
export type ThrottlingCode = (typeof throttlingCodes)[number];

/**
 * Every `code` that this version of the package knows: the names that DynamoDB and AWS give, Node.js
 * codes of failed connections, and the package's own. A misspelled code in a comparison or in a `case`
 * does not compile.
 */
export type ErrorCode =
  | ThrottlingCode
  | (typeof transientCodes)[number]
  | (typeof signatureCodes)[number]
  | (typeof credentialsCodes)[number]
  | (typeof refusalCodes)[number]
  | PackageCode;

/**
 * Stands in types for a code that is not in {@link ErrorCode}: a name that DynamoDB may introduce
 * later, a rare code of Node.js, or one that you gave to the constructor. At run time `code` is then
 * that name, never this text. Handle it in `default`.
 */
export type UnlistedCode = "(a code that is not listed)";

/** A name as the `code` of an error, whether it is listed or not. */
export function asCode(name: string | undefined): ErrorCode | UnlistedCode | undefined {
  // The type of an unlisted name is only a stand-in, as its docstring says.
  return name as ErrorCode | UnlistedCode | undefined;
}

/** The names by which DynamoDB, or AWS in front of it, refuses requests or fails. */
// Not by spreading: bundlers would keep that where it is not used.
const serviceNames: ReadonlySet<string> = /* @__PURE__ */ new Set<string>(
  /* @__PURE__ */ (throttlingCodes as readonly string[]).concat(
    signatureCodes,
    refusalCodes,
    passingCodes,
  ),
);

/** How DynamoDB writes the name of an error, whether it is listed or not. */
const serviceType = /^com\.amazon[\w.]*#\w+Exception$/;

/**
 * Whether an error's name is one of DynamoDB's own. A gateway has names of its own, such as
 * `GatewayTimeout`, which say nothing about the request.
 * @param type the name as the response has it, if it is not the one that the SDK made of it
 */
export function isServiceName(name: string, type?: unknown): boolean {
  return serviceNames.has(name) || (typeof type === "string" && serviceType.test(type));
}

export const throttlingNames: ReadonlySet<string> = /* @__PURE__ */ new Set(throttlingCodes);
export const transientNames: ReadonlySet<string> = /* @__PURE__ */ new Set(transientCodes);
export const signatureNames: ReadonlySet<string> = /* @__PURE__ */ new Set(signatureCodes);
export const credentialsNames: ReadonlySet<string> = /* @__PURE__ */ new Set(credentialsCodes);
// Not by spreading: bundlers would keep that where it is not used.
export const refusalNames: ReadonlySet<string> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ (throttlingCodes as readonly string[]).concat(signatureCodes, refusalCodes),
);

/** Node's codes for a host that could not be reached. */
export const unreachedNames: ReadonlySet<string> = /* @__PURE__ */ new Set<ErrorCode>([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
]);

/**
 * Node's codes (20 to 26) for a server's certificate that was refused, which happens before anything is
 * sent. They are not listed in {@link ErrorCode}: no application handles one of them alone.
 */
const certificateName =
  /^(ERROR_IN_)?(CERT|CRL)_|SELF_SIGNED_CERT|^UNABLE_TO_(DE|GET|VERIFY_LEAF)|^INVALID_(CA|PURPOSE)$|^(PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)$/;

export function isCertificateName(name: string): boolean {
  return certificateName.test(name);
}

/** Codes in the reasons of a cancelled transaction that a retry may cure. */
export const retryableReasons: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** The names of errors, by what follows from them. */

/** The code of every answer that is not DynamoDB's, or not whole. */
export const unreadableCode = "UnreadableAnswer";

export const throttlingNames: ReadonlySet<string> = new Set([
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
]);

export const transientNames: ReadonlySet<string> = new Set([
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
]);

/** Refusals of a signature, which may be for its time alone. */
export const signatureNames: ReadonlySet<string> = new Set([
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** The SDK's own names for credentials that are missing or cannot be had. */
export const credentialsNames: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
]);

/**
 * DynamoDB's refusals: a request that one of them answers was not carried out. The list is closed,
 * because a gateway in between has 4xx of its own, with names of the same form, also for requests that
 * it has handed on. TransactionInProgressException is none: what it refuses is being carried out.
 */
export const refusalNames: ReadonlySet<string> = new Set([
  ...throttlingNames,
  ...signatureNames,
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
]);

/** Node's names for a host that was never reached. */
export const unreachedNames: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
]);

/** Codes of a cancelled transaction's reasons that a retry may cure. */
export const retryableReasons: ReadonlySet<string> = new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** The codes of errors: what the manual says about them, and what the lists decide. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  credentialsNames,
  isCertificateName,
  isServiceName,
  type PackageCode,
  refusalNames,
  retryableReasons,
  signatureNames,
  throttlingNames,
  transientNames,
  unreachedNames,
} from "../../src/errors/codes.js";
import { leavesOpen } from "../../src/errors/left-open.js";
import { isRetryableError } from "../../src/errors/retryable.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";

const page = readFileSync(join(__dirname, "..", "..", "docs", "errors.md"), "utf8");

/** The compiler sees to it that none is missing. */
const packageCodes: Record<PackageCode, true> = {
  AbortError: true,
  AnswerLost: true,
  ConfigurationError: true,
  DecryptionError: true,
  ItemNotFound: true,
  KeyProviderError: true,
  NewerVersion: true,
  RefreshTokenMissing: true,
  ResultNotMade: true,
  TooManyReads: true,
  UnprocessedItems: true,
  UpgradeFailed: true,
  WriteContention: true,
  WrongTable: true,
};

test.each([...Object.keys(packageCodes), "TimeoutError", "UnreadableAnswer"])(
  "the manual's tables name %s",
  (code) => {
    expect(page).toMatch(new RegExp(`^\\|.*\`${code}\`.*\\|$`, "m"));
  },
);

/** The lists as they are meant: the tests below go through them, and would go through less of a shorter one. */
test.each<[string, ReadonlySet<string>, string]>([
  [
    "throttlingNames",
    throttlingNames,
    `BandwidthLimitExceeded LimitExceededException PriorRequestNotComplete
     ProvisionedThroughputExceeded ProvisionedThroughputExceededException
     RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown
     ThrottledException Throttling ThrottlingError ThrottlingException
     TooManyRequestsException`,
  ],
  [
    "transientNames",
    transientNames,
    `EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ENOTFOUND EPIPE
     ETIMEDOUT InternalError InternalFailure InternalServerError InternalServerErrorException
     NetworkingError ReplicatedWriteConflictException RequestTimeout RequestTimeoutException
     ServiceUnavailable ServiceUnavailableException TimeoutError TransactionConflict
     TransactionConflictException TransactionInProgressException UND_ERR_SOCKET
     UnreadableAnswer`,
  ],
  [
    "signatureNames",
    signatureNames,
    `InvalidSignatureException RequestExpired RequestInTheFuture RequestTimeTooSkewed
     SignatureDoesNotMatch`,
  ],
  ["credentialsNames", credentialsNames, `CredentialsProviderError TokenProviderError`],
  [
    "refusalNames",
    refusalNames,
    `AccessDenied AccessDeniedException BandwidthLimitExceeded
     ConditionalCheckFailedException DuplicateItemException ExpiredToken
     ExpiredTokenException IdempotentParameterMismatchException IncompleteSignature
     IncompleteSignatureException InvalidAction InvalidClientTokenId InvalidEndpointException
     InvalidSignatureException ItemCollectionSizeLimitExceededException
     LimitExceededException MissingAuthenticationToken MissingAuthenticationTokenException
     NotAuthorized OptInRequired PriorRequestNotComplete ProvisionedThroughputExceeded
     ProvisionedThroughputExceededException ReplicatedWriteConflictException RequestExpired
     RequestInTheFuture RequestLimitExceeded RequestThrottled RequestThrottledException
     RequestTimeTooSkewed ResourceInUseException ResourceNotFoundException
     SerializationException SignatureDoesNotMatch SlowDown TableInUseException
     TableNotFoundException ThrottledException Throttling ThrottlingError ThrottlingException
     TooManyRequestsException TransactionCanceledException TransactionConflictException
     UnknownOperationException UnrecognizedClientException ValidationException`,
  ],
])("%s holds these", (_, list, names) => {
  expect([...list].sort()).toEqual(names.split(/\s+/));
});

const failure = (name: string) => Object.assign(new Error("m"), { name });

test.each([...throttlingNames])("%s is retried, and was not carried out", (name) => {
  expect(isRetryableError(failure(name))).toBe(true);
  expect(leavesOpen(failure(name))).toBe(false);
  expect(wrapDynamoDBError(failure(name))).toMatchObject({
    ...{ name: "ThroughputExceededError", code: name, retryable: true },
  });
});

test.each([...transientNames])("%s is retried", (name) => {
  expect(isRetryableError(failure(name))).toBe(true);
  expect(wrapDynamoDBError(failure(name)).retryable).toBe(true);
});

test("of what is retried, only these were certainly not carried out", () => {
  const certain = [...transientNames].filter((name) => !leavesOpen(failure(name)));
  expect(certain.sort()).toEqual(
    [...unreachedNames, "ReplicatedWriteConflictException", "TransactionConflictException"].sort(),
  );
});

test.each([...signatureNames, ...credentialsNames])("%s is not retried as it is", (name) => {
  expect(isRetryableError(failure(name))).toBe(false);
  expect(leavesOpen(failure(name))).toBe(false);
});

test.each([...refusalNames])(
  "after %s nothing is left open, unless its status is a 5xx",
  (name) => {
    const status = (httpStatusCode: number) =>
      Object.assign(failure(name), { $metadata: { httpStatusCode } });
    expect(leavesOpen(failure(name))).toBe(false);
    expect(leavesOpen(status(400))).toBe(false);
    expect(leavesOpen(status(500))).toBe(true);
    expect(leavesOpen(Object.assign(status(400), { name: `${name}2` }))).toBe(true);
  },
);

test("the reasons of a cancelled transaction that a retry may cure are these", () => {
  expect([...retryableReasons].sort()).toEqual([
    "None",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
  ]);
});

/** Those of Node's manual, "X509 certificate error codes", but for `OUT_OF_MEM`, and one of its own. */
const ofCertificates =
  `CERT_CHAIN_TOO_LONG CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED
  CERT_SIGNATURE_FAILURE CERT_UNTRUSTED CRL_HAS_EXPIRED CRL_NOT_YET_VALID CRL_SIGNATURE_FAILURE
  DEPTH_ZERO_SELF_SIGNED_CERT ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CERT_NOT_BEFORE_FIELD
  ERROR_IN_CRL_LAST_UPDATE_FIELD ERROR_IN_CRL_NEXT_UPDATE_FIELD ERR_TLS_CERT_ALTNAME_INVALID
  HOSTNAME_MISMATCH INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED SELF_SIGNED_CERT_IN_CHAIN
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY UNABLE_TO_DECRYPT_CERT_SIGNATURE
  UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_GET_CRL UNABLE_TO_GET_ISSUER_CERT
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE`.split(/\s+/);

test("the codes of a certificate that was refused, and no others", () => {
  expect(ofCertificates.filter((name) => !isCertificateName(name))).toEqual([]);
  const others = [...transientNames, ...refusalNames, ...throttlingNames, ...signatureNames];
  const similar = ["OUT_OF_MEM", "ECONNRESET", "ERR_TLS_HANDSHAKE_TIMEOUT", "INVALID_ARGUMENT"];
  expect([...others, ...similar].filter(isCertificateName)).toEqual([]);
});

test.each([
  ["GatewayTimeout", undefined, false],
  ["ValidationException", undefined, true],
  ["NewException", "com.amazonaws.dynamodb.v20120810#NewException", true],
  ["NewException", "com.amazon.coral.service#SomeNewException", true],
  ["NewException", "NewException", false],
  ["NewException", "com.example#NewException", false],
  ["Gateway", "com.amazonaws.gateway#Gateway", false],
])("%s, as %p in a response, is a name of DynamoDB's: %p", (name, type, is) => {
  expect(isServiceName(name, type)).toBe(is);
});

test("a refusal leaves nothing open, unless it is the reason for which the caller gave up", () => {
  const refusal = Object.assign(new Error("no"), {
    name: "ConditionalCheckFailedException",
    $metadata: { httpStatusCode: 400 },
  });
  expect(leavesOpen(refusal)).toBe(false);
  expect(leavesOpen(refusal, new AbortController().signal)).toBe(false);
  expect(leavesOpen(refusal, AbortSignal.abort("another reason"))).toBe(false);
  expect(leavesOpen(refusal, AbortSignal.abort(refusal))).toBe(true);
});

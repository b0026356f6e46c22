/**
 * What a browser may have of the package: key functions, error classes and exact numbers. All else is
 * server only: a client component that imports it does not build, and the bundler's message names
 * this file.
 */
export { AbortedError } from "./errors/aborted-error.js";
export type { ErrorCode, PackageCode, ThrottlingCode, UnlistedCode } from "./errors/codes.js";
export { ConditionalCheckFailedError } from "./errors/conditional-check-failed-error.js";
export { ConfigurationError } from "./errors/configuration-error.js";
export { DecryptionError } from "./errors/decryption-error.js";
export { DynamoDBError, isDynamoDBError } from "./errors/dynamodb-error.js";
export { ItemNotFoundError } from "./errors/item-not-found-error.js";
export type { ErrorKey } from "./errors/key-text.js";
export { isRetryableError } from "./errors/retryable.js";
export { ThroughputExceededError } from "./errors/throughput-exceeded-error.js";
export { TimeoutError } from "./errors/timeout-error.js";
export { TransactionCanceledError } from "./errors/transaction-canceled-error.js";
export { UnprocessedItemsError } from "./errors/unprocessed-items-error.js";
export { ValidationError } from "./errors/validation-error.js";
export { wrapDynamoDBError } from "./errors/wrap.js";
export {
  extractEntityIdFromSK,
  extractUserIdFromPK,
  getAgentProfileKeys,
  getBrandAuditKeys,
  getCompetitorKeys,
  getMarketingPlanKeys,
  getOAuthTokenKeys,
  getProjectKeys,
  getResearchReportKeys,
  getReviewAnalysisKeys,
  getReviewKeys,
  getSavedContentKeys,
  getTrainingProgressKeys,
  getUserItemPrefix,
  getUserProfileKeys,
} from "./keys/key-functions.js";
export { ExactNumber, isExactNumber } from "./values/exact-number.js";

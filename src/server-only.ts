/**
 * What a browser may have of the package: key functions, error classes and exact numbers. All else is
 * server only: a client component that imports it does not build, and the bundler's message names
 * this file.
 */
export {
  AbortedError,
  ConditionalCheckFailedError,
  ConfigurationError,
  DecryptionError,
  DynamoDBError,
  ItemNotFoundError,
  isDynamoDBError,
  isRetryableError,
  ThroughputExceededError,
  TimeoutError,
  TransactionCanceledError,
  UnprocessedItemsError,
  ValidationError,
  wrapDynamoDBError,
} from "./errors/errors.js";
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

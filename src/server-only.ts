/**
 * What a browser may have of the package: the key functions and the error classes. All else is
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
} from "./errors.js";
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
} from "./keys.js";

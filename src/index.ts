/** The public door of bayon-coagent-data. */
export type { Collections, RecentItem, RecentOptions, Workspace } from "../services/collections.js";
export type { BrandAuditPage, Dashboard, DashboardKey } from "../services/dashboard.js";
export type { Entities, FacadeName } from "../services/entities.js";
export type {
  OAuthTokenData,
  OAuthTokenItem,
  RefreshedToken,
  RefreshToken,
  ValidTokenOptions,
} from "../services/oauth.js";
export type { ProjectsWithContent, ProjectWithContent } from "../services/projects.js";
export type { ReviewItem } from "../services/reviews.js";
export type { Specs, Stores } from "../services/stores.js";
export type { ScopedSpecs, ScopedStores, UserScope } from "../services/tenant.js";
export type {
  CheckOptions,
  EntityOperations,
  Transaction,
  TransactionOperation,
} from "../services/transaction.js";
export type { CallOptions } from "./call.js";
export {
  getDocumentClient,
  getDynamoDBClient,
  getTableName,
  resetClients,
} from "./client.js";
export type { Condition, Operators, PathTo, PayloadPaths, Where } from "./conditions.js";
export type { ConnectionOptions, Credentials, Environment } from "./config.js";
export type { CursorSecret } from "./cursor-seal.js";
export { createDataLayer, type DataLayer, type DataLayerOptions } from "./data-layer.js";
export type { ClearText, EncryptionKeys, KeyProvider } from "./encryption.js";
export { EntityStore } from "./entity-store.js";
export {
  AbortedError,
  type CancellationReason,
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
  type ValidationIssue,
  wrapDynamoDBError,
} from "./errors.js";
export {
  type IamAccess,
  type IamPolicy,
  type IamPolicyOptions,
  type IamStatement,
  iamPolicy,
} from "./iam-policy.js";
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
export {
  type BatchResult,
  type DynamoDBItem,
  type DynamoDBKey,
  DynamoDBRepository,
  type EntityType,
  getRepository,
  type QueryOptions,
  type QueryResult,
  resetRepository,
  type UpdateOptions,
} from "./repository.js";
export { type Retry, type RetryOptions, withBatchRetry, withRetry } from "./retry.js";
export type { RetryBudgetOptions } from "./retry-budget.js";
export type {
  DeleteOptions,
  GetOptions,
  InputOf,
  ItemOf,
  QueryOptions as StoreQueryOptions,
  QueryPage,
  UpdateOptions as StoreUpdateOptions,
  WriteOptions,
} from "./store-types.js";
export { createTableInput, type EntityName } from "./table.js";
export type { TableAdmin, TableInfo } from "./table-admin.js";
export type {
  Clock,
  Logger,
  RequestEvent,
  RequestListener,
  RequestRetryOptions,
} from "./transport.js";

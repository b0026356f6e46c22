/** The public door of bayon-coagent-data. */

export type { CustomAttributeTypeName, Service } from "electrodb";
export type { BrandAudit, BrandAuditData } from "../entities/brand-audit.js";
export type { Competitor, CompetitorData } from "../entities/competitor.js";
export {
  type AnyPayload,
  configure,
  type Declared as DeclaredEntity,
  type Definition,
  Entity,
  type EntityConfig,
  type Item as DeclaredItem,
  type PartitionPart,
  type PartType,
  type Payload,
  type SortPart,
} from "../entities/definition.js";
export type { MarketingPlan, MarketingPlanData } from "../entities/marketing-plan.js";
export type { OAuthToken, OAuthTokenData } from "../entities/oauth-token.js";
export { secret } from "../entities/payload.js";
export type { Project, ProjectData } from "../entities/project.js";
export type {
  RealEstateAgentProfile,
  RealEstateAgentProfileData,
} from "../entities/real-estate-agent-profile.js";
export type { ResearchReport, ResearchReportData } from "../entities/research-report.js";
export type { Review, ReviewData } from "../entities/review.js";
export type { ReviewAnalysis, ReviewAnalysisData } from "../entities/review-analysis.js";
export type { SavedContent, SavedContentData } from "../entities/saved-content.js";
export {
  byCreatedAt,
  byKey,
  type DataAttribute,
  data,
  datePart,
  expires,
  type FieldAttribute,
  fields,
  type IndexOptions,
  index,
  keyPart,
  model,
  numberPart,
  type PayloadOf,
  type TypedPayload,
  times,
  wordPart,
} from "../entities/schema.js";
export type { SecretIn, SecretMark } from "../entities/secret-names.js";
export type { TrainingProgress, TrainingProgressData } from "../entities/training-progress.js";
export type { UserProfile, UserProfileData } from "../entities/user-profile.js";
export type {
  CollectionItems,
  Collections,
  CollectionsWith,
  FieldsOfRecent,
  OwnCollections,
  OwnRecent,
  OwnRecentFields,
  OwnRecentItem,
  RecentItem,
  RecentName,
  RecentOptions,
  Workspace,
  WorkspaceName,
} from "../services/collections.js";
export type {
  BuiltIn,
  Entities,
  EntityName,
  FacadeName,
  InCollection,
  Registered,
  Registry,
} from "../services/entities.js";
export { iamPolicy } from "../services/iam-policy.js";
export type { Defaulted, FieldProblem, IndexesOf } from "../services/index-types.js";
export type { OAuthTokens } from "../services/oauth/oauth-tokens.js";
export type { RefreshedToken, RefreshToken, ValidTokenOptions } from "../services/oauth/options.js";
export type { Misnamed, OwnEntities, Problem, Problems } from "../services/own-entities.js";
export type {
  BrandAuditPage,
  Dashboard,
  DashboardKey,
  Dashboards,
} from "../services/pages/dashboard.js";
export type { Pages } from "../services/pages/pages.js";
export type { Profiles } from "../services/pages/profiles.js";
export type {
  Projects,
  ProjectsWithContent,
  ProjectWithContent,
} from "../services/pages/projects.js";
export type { Reviews } from "../services/pages/reviews.js";
export type {
  AnyDefinition,
  CollectionsIn,
  DefinitionsOf,
  EntitiesOf,
  NamesIn,
  NoEntities,
  PayloadIn,
  SchemaOf,
  Uninferred,
} from "../services/registry.js";
export type {
  ChangesOf,
  DataOf,
  InputOf,
  ItemOf,
  KeyOf,
  OwnItem,
  OwnSpec,
  OwnSpecs,
  OwnStores,
  Spec,
  SpecOf,
  Specs,
  Stores,
} from "../services/stores.js";
export type {
  OwnerPart,
  OwnScopedSpecs,
  OwnScopedStores,
  OwnUserScope,
  Scope,
  ScopedPages,
  ScopedSpec,
  ScopedSpecs,
  ScopedStores,
  ScopeMembers,
  ScopeWith,
  UserScope,
  UserScopeWith,
} from "../services/tenant/types.js";
export type { Transaction } from "../services/transaction/transaction.js";
export type {
  CheckOptions,
  EntityOperations,
  EntityReads,
  TransactionOperation,
  TransactionReads,
  TransactionResults,
  Transactions,
  TransactionWrites,
  TxOptions,
} from "../services/transaction/types.js";
export type { UncoveredKey, UserParts } from "../services/user/partitions.js";
export type {
  OwnUserItem,
  UndeclaredItem,
  UserData,
  UserEraseOptions,
  UserErasure,
  UserExportOptions,
  UserItem,
} from "../services/user/types.js";
export type { UpgradeProblem } from "../services/version-problems.js";
export type {
  IamAccess,
  IamPolicy,
  IamPolicyOptions,
  IamStatement,
} from "./admin/iam-policy.js";
export type { CreateTableOptions, TableAdmin, TableInfo } from "./admin/table-admin.js";
export { createTableInput, type TableSettings } from "./admin/table-input.js";
export type { CallOptions } from "./call/call.js";
export {
  getDocumentClient,
  getDynamoDBClient,
  getTableName,
  type RequestHandler,
  resetClients,
} from "./client/client.js";
export type {
  Configuration,
  ConnectionOptions,
  Credentials,
  Environment,
} from "./client/config.js";
export type {
  Condition,
  Operators,
  Path,
  PathTo,
  PayloadPaths,
  Where,
} from "./conditions/conditions.js";
export type { OneOf } from "./conditions/one-of.js";
export {
  type AnyLayer,
  createDataLayer,
  type DataLayer,
  type DataLayerOf,
  type DataLayerOptions,
  type DataLayerWith,
  type OwnLayer,
} from "./data-layer.js";
export type { DeclaredPayload, GivenPayload } from "./entity/declared-payload.js";
export type { AnyEntity, Declaration } from "./entity/model.js";
export { AbortedError, type AbortedErrorOptions } from "./errors/aborted-error.js";
export type { ErrorCode, PackageCode, ThrottlingCode, UnlistedCode } from "./errors/codes.js";
export {
  ConditionalCheckFailedError,
  type ConditionalCheckFailedErrorOptions,
} from "./errors/conditional-check-failed-error.js";
export {
  ConfigurationError,
  type ConfigurationErrorOptions,
} from "./errors/configuration-error.js";
export type { CallContext } from "./errors/context.js";
export { DecryptionError, type DecryptionErrorOptions } from "./errors/decryption-error.js";
export {
  DynamoDBError,
  type DynamoDBErrorOptions,
  isDynamoDBError,
} from "./errors/dynamodb-error.js";
export { ItemNotFoundError, type ItemNotFoundErrorOptions } from "./errors/item-not-found-error.js";
export type { ErrorKey } from "./errors/key-text.js";
export type { CommonErrorOptions } from "./errors/options.js";
export type { BatchProgress } from "./errors/progress.js";
export { isRetryableError } from "./errors/retryable.js";
export {
  ThroughputExceededError,
  type ThroughputExceededErrorOptions,
} from "./errors/throughput-exceeded-error.js";
export { TimeoutError, type TimeoutErrorOptions } from "./errors/timeout-error.js";
export {
  type CancellationReason,
  TransactionCanceledError,
  type TransactionCanceledErrorOptions,
} from "./errors/transaction-canceled-error.js";
export {
  UnprocessedItemsError,
  type UnprocessedItemsErrorOptions,
} from "./errors/unprocessed-items-error.js";
export {
  ValidationError,
  type ValidationErrorOptions,
  type ValidationIssue,
} from "./errors/validation-error.js";
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
export {
  type BatchResult,
  type DynamoDBCursor,
  type DynamoDBItem,
  type DynamoDBKey,
  DynamoDBRepository,
  type EntityType,
  type ExpressionAttributes,
  getRepository,
  type IndexKeys,
  type NewDynamoDBItem,
  type QueryOptions,
  type QueryResult,
  type RepositoryCall,
  type RepositoryHooks,
  type RepositoryReads,
  type RepositoryScanAllOptions,
  type RepositoryScanOptions,
  resetRepository,
  type TableRequests,
  type TransactWrite,
  type TransactWriteOptions,
  type UpdateOptions,
} from "./repository/repository.js";
export type { Clock } from "./runtime/clock.js";
export type { CursorSecret } from "./secrets/cursor-seal.js";
export type { ClearText, EncryptionKeys, KeyProvider } from "./secrets/key-provider.js";
export { EntityStore } from "./store/entity-store.js";
export type { FieldPath, PartOf, PathIn, Simplify } from "./store/field-paths.js";
export type { Sourced } from "./store/layer-source.js";
export type { ScopedStore, StoreCalls } from "./store/store-calls.js";
export type {
  AnyStoredItem,
  Changes,
  ComputedChanges,
  CountByOptions,
  CountOptions,
  DataInput,
  DataPath,
  DeleteOptions,
  FieldOf,
  GetOptions,
  IndexOf,
  IndexParts,
  IndexSpec,
  InnerPath,
  ItemPart,
  NewInput,
  PutInput,
  PutOptions,
  QueryByOptions,
  QueryOptions as StoreQueryOptions,
  QueryPage,
  ReadData,
  Returned,
  ReturningOption,
  ScanOptions,
  ScanPage,
  ScanProgress,
  StoreItem,
  StoreSpec,
  UpdateOptions as StoreUpdateOptions,
  WriteOptions,
} from "./store/store-types.js";
export type {
  DeclaredIndex,
  DeclaredKey,
  DeclaredSchema,
  DeclaredTableKey,
  DeclaredVersions,
  StandardIssue,
  StandardResult,
  StandardSchema,
  UpgradeStep,
  WithSecrets,
} from "./table/declared.js";
export type { IndexName, RawItem, RawKey } from "./table/table.js";
export type { Logger, RequestEvent, RequestListener } from "./transport/events.js";
export type { HedgedReadsOptions } from "./transport/hedged-reads.js";
export type { CommandClient } from "./transport/options.js";
export type { RequestRetryOptions } from "./transport/repeats.js";
export { type Retry, type RetryOptions, withBatchRetry, withRetry } from "./transport/retry.js";
export type { RetryBudgetOptions } from "./transport/retry-budget.js";
export type { CallStats } from "./transport/stats.js";
export { ExactNumber, isExactNumber } from "./values/exact-number.js";
export type { Given, PlainObject } from "./values/given.js";
export type { PayloadOptions, PayloadSchema } from "./values/payload.js";

/**
 * The keys of an application of 120 entities on one table, with the collisions that such an application
 * grows: each of them was looked for by hand.
 */
import type { KeyDeclaration } from "../../src/keys/meeting.js";

type Row = readonly [name: string, sk: string, kinds?: KeyDeclaration["kinds"]];

/** The entities of one partition. */
const within = (pk: string, rows: readonly Row[]): KeyDeclaration[] =>
  rows.map(([name, sk, kinds]) => ({ name, pk, sk, kinds }));

/** The twelve that come with the package. */
const builtIn = [
  ...within("USER#${userId}", [
    ["UserProfile", "PROFILE"],
    ["RealEstateAgentProfile", "AGENT#${agentProfileId}"],
    ["BrandAudit", "AUDIT#${auditId}"],
    ["Competitor", "COMPETITOR#${competitorId}"],
    ["ResearchReport", "REPORT#${reportId}"],
    ["Project", "PROJECT#${projectId}"],
    ["SavedContent", "CONTENT#${contentId}"],
    ["TrainingProgress", "TRAINING#${moduleId}"],
    ["MarketingPlan", "PLAN#${planId}"],
    ["ReviewAnalysis", "ANALYSIS#${analysisId}"],
  ]),
  ...within("REVIEW#${agentId}", [["Review", "REVIEW#${reviewId}"]]),
  ...within("OAUTH#${userId}", [["OAuthToken", "${provider}"]]),
];

const users = within("USER#${userId}", [
  ["NotificationPreferences", "SETTINGS#NOTIFICATIONS"],
  ["AlertSettings", "SETTINGS#ALERTS"],
  ["BillingSettings", "SETTINGS#BILLING"],
  ["AssistantProfile", "PROFILE#ASSISTANT"],
  ["Lead", "LEAD#${leadId}"],
  ["LeadNote", "LEADNOTE#${leadId}#${noteId}"],
  ["LeadScore", "LEADSCORE#${leadId}"],
  ["Listing", "LISTING#${listingId}"],
  ["ListingPhoto", "LISTINGPHOTO#${listingId}#${photoId}"],
  ["ListingEvent", "LISTINGEVENT#${createdAt}#${eventId}"],
  ["OpenHouse", "OPENHOUSE#${openHouseId}"],
  ["OpenHouseSession", "OPENHOUSE#${openHouseId}#SESSION#${sessionId}"],
  ["OpenHouseVisitor", "VISITOR#${openHouseId}#${visitorId}"],
  ["Notification", "NOTIFICATION#${createdAt}#${notificationId}"],
  ["UnreadCounter", "COUNTER#UNREAD"],
  ["UsageCounter", "COUNTER#USAGE#${month}"],
  ["Workflow", "WORKFLOW#${workflowId}", { workflowId: "word" }],
  ["WorkflowStep", "WORKFLOW#${workflowId}#STEP#${stepId}"],
  ["WorkflowTemplate", "WORKFLOWTEMPLATE#${templateId}"],
  ["RoleAudit", "AUDIT#${createdAt}#${logId}"],
  ["ContentModeration", "CONTENT#${contentId}#MODERATION"],
  ["ContentVersion", "CONTENTVERSION#${contentId}#${version}", { version: "digits" }],
  ["ContentSchedule", "SCHEDULE#${scheduleId}"],
  ["ContentTemplate", "TEMPLATE#${templateId}"],
  ["Newsletter", "NEWSLETTER#${newsletterId}"],
  ["Image", "IMAGE#${imageId}"],
  ["ImageEdit", "IMAGEEDIT#${imageId}#${editId}"],
  ["Conversation", "CONVERSATION#${conversationId}"],
  ["Message", "MESSAGE#${conversationId}#${createdAt}#${messageId}"],
  ["LoginSession", "SESSION#${sessionId}"],
  ["PushToken", "PUSHTOKEN#${deviceId}"],
  ["SyncOperation", "SYNC#${createdAt}#${operationId}"],
  ["Bookmark", "BOOKMARK#${bookmarkId}"],
  ["SearchHistory", "SEARCH#${createdAt}"],
  ["SavedSearch", "SAVEDSEARCH#${searchId}"],
  ["Keyword", "KEYWORD#${keyword}"],
  ["KeywordRank", "KEYWORDRANK#${keyword}#${day}"],
  ["Testimonial", "TESTIMONIAL#${testimonialId}"],
  ["TestimonialRequest", "TESTIMONIALREQUEST#${requestId}"],
  ["SocialConnection", "SOCIAL#${platform}"],
  ["SocialPost", "POST#${postId}"],
  ["PostMetrics", "POSTMETRICS#${postId}#${channel}"],
  ["Prospect", "PROSPECT#${prospectId}"],
  ["LifeEvent", "LIFEEVENT#${eventId}"],
  ["TargetArea", "AREA#${areaId}"],
  ["MarketAlert", "ALERT#${createdAt}#${alertId}"],
  ["PriceHistory", "PRICE#${mlsNumber}#${createdAt}"],
  ["ListingSnapshot", "SNAPSHOT#${mlsNumber}"],
  ["Achievement", "ACHIEVEMENT#${achievementId}"],
  ["QuizAttempt", "QUIZ#${moduleId}#${attempt}", { attempt: "digits" }],
  ["Invoice", "INVOICE#${invoiceId}"],
  ["Subscription", "SUBSCRIPTION"],
  ["ApiKey", "APIKEY#${keyId}"],
  ["ExportJob", "JOB#EXPORT#${jobId}"],
  ["ImportJob", "JOB#IMPORT#${jobId}"],
]);

const agents = [
  ...within("AGENT#${agentId}", [
    ["ClientDashboard", "DASHBOARD#${dashboardId}"],
    ["DashboardNote", "DASHBOARDNOTE#${dashboardId}#${noteId}"],
    ["AgentRating", "RATING#${createdAt}#${ratingId}"],
    ["AgentBadge", "BADGE#${badge}"],
  ]),
  ...within("REVIEW#${agentId}", [
    ["ReviewReply", "REPLY#${reviewId}"],
    ["ReviewSummary", "SUMMARY"],
  ]),
];

const teams = within("TEAM#${teamId}", [
  ["Team", "METADATA"],
  ["TeamMember", "MEMBER#${memberId}", { memberId: "word" }],
  ["TeamMemberRole", "MEMBER#${memberId}#ROLE#${role}"],
  ["TeamInvitation", "INVITATION#${invitationId}"],
  ["TeamAuditLog", "TS#${createdAt}#${logId}"],
  ["TeamGoal", "GOAL#${goalId}"],
  ["TeamAnnouncement", "ANNOUNCEMENT#${createdAt}#${announcementId}"],
  ["TeamFile", "FILE#${path}"],
  ["TeamFileLock", "FILE#${path}#LOCK"],
  ["TeamCounter", "COUNTER#${counter}"],
  ["TeamChannel", "CHANNEL#${channelId}"],
  ["TeamChannelMessage", "CHANNELMESSAGE#${channelId}#${createdAt}#${messageId}"],
]);

const organisations = [
  ...within("ORG#${orgId}", [
    ["Organisation", "METADATA"],
    ["OrganisationMember", "MEMBER#${userId}"],
    ["OrganisationDomain", "DOMAIN#${domain}"],
    ["OrganisationRole", "ROLE#${role}"],
    ["OrganisationInvoice", "INVOICE#${createdAt}#${invoiceId}"],
    ["OrganisationAudit", "TS#${createdAt}#${logId}"],
    ["OrganisationProfile", "ORG#${orgId}"],
    ["OrganisationTheme", "ORG#${orgId}#THEME"],
  ]),
  ...within("ORG#${orgId}#UNIT#${unitId}", [["OrganisationUnit", "METADATA"]]),
];

const links = [
  ...within("LINK#${token}", [
    ["SecureLink", "METADATA"],
    ["LinkVisit", "VISIT#${createdAt}#${visitId}"],
    ["Download", "DOWNLOAD#${downloadId}"],
    ["DownloadLog", "DOWNLOAD#${createdAt}#${logId}"],
  ]),
  ...within("SHORT#${slug}", [
    ["ShortUrl", "TARGET"],
    ["ShortUrlClick", "CLICK#${createdAt}#${clickId}"],
  ]),
];

const tickets = within("TICKET#${ticketId}", [
  ["Ticket", "METADATA"],
  ["TicketMessage", "MESSAGE#${createdAt}#${messageId}"],
  ["TicketDraft", "MESSAGE#DRAFT"],
  ["TicketAttachment", "ATTACHMENT#${attachmentId}"],
  ["TicketAssignment", "ASSIGNMENT#${createdAt}"],
]);

const config = [
  ...within("CONFIG", [
    ["AppConfig", "GLOBAL"],
    ["FeatureFlag", "FLAG#${flag}"],
    ["FeatureFlagDefaults", "FLAG#DEFAULTS"],
    ["PricingPlan", "PRICING#${planId}"],
    ["Maintenance", "MAINTENANCE"],
  ]),
  ...within("CONFIG#PROMPTS", [["Prompt", "${promptId}"]]),
];

const counters = [
  ...within("COUNTER#${counter}", [
    ["DailyCounter", "${day}"],
    ["CounterTotal", "TOTAL"],
  ]),
  ...within("SHARD#${counter}#${shard}", [["CounterShard", "VALUE", { shard: "digits" }]]),
  ...within("RATE#${userId}", [["RateLimit", "${window}", { window: "digits" }]]),
];

const timeSeries = [
  ...within("METRIC#${metric}", [
    ["MetricPoint", "${createdAt}"],
    ["MetricDescription", "DESCRIPTION"],
  ]),
  ...within("EVENTS#${day}", [["SystemEvent", "${createdAt}#${eventId}"]]),
  ...within("ERRORS#${day}", [["ErrorLog", "${createdAt}#${errorId}"]]),
  ...within("TRACE#${traceId}", [["TraceSpan", "SPAN#${createdAt}#${spanId}"]]),
];

export const applicationKeys: readonly KeyDeclaration[] = [
  ...builtIn,
  ...users,
  ...agents,
  ...teams,
  ...organisations,
  ...links,
  ...tickets,
  ...config,
  ...counters,
  ...timeSeries,
];

/** The pairs whose keys can be the same, and why. */
export const sameKeys: readonly (readonly [string, string])[] = [
  // An audit's id may be a time, `#` and the id of a log.
  ["BrandAudit", "RoleAudit"],
  // A content's id may end with "#MODERATION", and a file's path with "#LOCK".
  ["SavedContent", "ContentModeration"],
  ["TeamFile", "TeamFileLock"],
  ["OpenHouse", "OpenHouseSession"],
  ["Download", "DownloadLog"],
  // In different partitions, it seems: but an organisation's id may be "x#UNIT#y".
  ["Organisation", "OrganisationUnit"],
  // A flag may be called DEFAULTS, and a day, which is no more than a text, TOTAL.
  ["FeatureFlag", "FeatureFlagDefaults"],
  ["DailyCounter", "CounterTotal"],
];

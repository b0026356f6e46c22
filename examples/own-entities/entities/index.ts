/** The application's entities: each export is a store of the data layer. */
export { auditLog } from "./audit-log.js";
export { lead } from "./lead.js";
export { notification } from "./notification.js";
export { openHouse } from "./open-house.js";
export { openHouseVisitor } from "./open-house-visitor.js";
export { secureLink } from "./secure-link.js";
export { team } from "./team.js";
export { teamMember } from "./team-member.js";
export { workflow } from "./workflow.js";
export { workflowStep } from "./workflow-step.js";

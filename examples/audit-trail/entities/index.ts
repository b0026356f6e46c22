export { auditEntry } from "./audit-entry.js";
export { listing } from "./listing.js";

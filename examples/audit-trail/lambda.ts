/** What AWS Lambda loads, for an event source mapping with `ReportBatchItemFailures`. */
import { createAuditHandler } from "./audit.js";
import { createData } from "./data.js";

export const handler = createAuditHandler(createData());

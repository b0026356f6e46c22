/** What Lambda loads: one data layer for all requests that this instance serves. */
import { createDataLayer } from "bayon-coagent-data";
import { createHandler } from "./handler.js";

export const handler = createHandler(createDataLayer());

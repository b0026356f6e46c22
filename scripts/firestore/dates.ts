export { epochMsOf, withIsoDates } from "../../src/timestamps.js";

export { Entity, Service } from "electrodb";
/** What is published has of zod what zod-parts.ts lists. */
export declare function zod(): unknown;

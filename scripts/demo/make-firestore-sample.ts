/**
 * Writes the small Firestore export of the repository anew: `node --import tsx scripts/demo/make-
 * firestore-sample.ts`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleExport } from "../seed/sample-export.js";

const folder = join(import.meta.dirname, "firestore-sample");

mkdirSync(folder, { recursive: true });
for (const [name, text] of sampleExport()) writeFileSync(join(folder, name), text);
console.log(`${folder}: written`);

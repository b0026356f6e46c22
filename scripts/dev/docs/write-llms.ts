/** `npm run docs:llms`: writes llms.txt, the list of the manual's pages for language models. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { llmsOfRepository } from "./llms.js";

const root = join(import.meta.dirname, "..", "..", "..");
const file = join(root, "llms.txt");
const text = llmsOfRepository(root);
const before = readFileSync(file, "utf8");
writeFileSync(file, text);
console.log(before === text ? "llms.txt is up to date" : "llms.txt has been rewritten");

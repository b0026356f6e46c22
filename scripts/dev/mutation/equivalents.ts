/**
 * Mutants that change nothing a caller could see, each with its reason. A mutant is identified by the
 * name of its file without folders, so that it survives a move, by its text and by its replacement.
 */
import { basename } from "node:path";
import type { Mutant } from "./mutants.js";

export interface Equivalent {
  /** The file's name, without folders. */
  readonly file: string;
  /** The text that is replaced; white space does not matter. */
  readonly original: string;
  readonly replacement: string;
  /** A part of the line, if the text alone occurs more than once. */
  readonly line?: string;
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [
  {
    file: "secret-value.ts",
    original: "model.encrypted.length === 0",
    replacement: "false",
    line: "return data;",
    why: "the payload is copied field by field: only time is lost",
  },
  {
    file: "flights.ts",
    original: "false",
    replacement: "true",
    line: "committed: false,",
    why: "the search begins with release(), which sets it, before anything is awaited",
  },
  {
    file: "reader.ts",
    original: "[]",
    replacement: '["Stryker was here"]',
    line: "askers.get(keyId(key))",
    why: "a loader is given only keys that were asked for, so the default is not used",
  },
  {
    file: "protocol.ts",
    original: "body.readableEnded",
    replacement: "false",
    why: "the text has been handed over: only an error is made for nothing",
  },
  {
    file: "query-by.ts",
    original: '"parts"',
    replacement: '""',
    line: "ownerIssues(given, model.owner",
    why: "it names what is no object, which was refused above",
  },
  {
    file: "json-file.ts",
    original: "position < chunkStart",
    replacement: "false",
    why: "the chunks before the faulty one are read byte by byte too: only time is lost",
  },
  {
    file: "messages.ts",
    original: "next < 0",
    replacement: "next <= 0",
    why: "there is at least the size of a chunk before it",
  },
  {
    file: "route.ts",
    original: '"bayon-explorer-moved"',
    replacement: '""',
    why: "an event may have any name that both sides use",
  },
  {
    file: "partitions.ts",
    original: '"u"',
    replacement: '""',
    line: "const anyone: UserOwner",
    why: "partitions are only compared with each other, all made of the same owner",
  },
  {
    file: "secret-marks.ts",
    original: "[]",
    replacement: '["Stryker was here"]',
    line: "const texts: string[] = [];",
    why: "a text more that is looked for in messages, none of which contains it",
  },
  {
    file: "direct-path.ts",
    original: "Math.abs(offset - this.#config.systemClockOffset) > mostSkewMs",
    replacement: "Math.abs(offset - this.#config.systemClockOffset) >= mostSkewMs",
    why: "an HTTP date has whole seconds, and the time at which it is compared has not",
  },
  {
    file: "condition-logic.ts",
    original: "at < text.length",
    replacement: "at <= text.length",
    why: "there is no character behind the last one, so nothing is found there",
  },
  {
    file: "query.ts",
    original: "startKey !== undefined",
    replacement: "true",
    line: "ExclusiveStartKey: startKey",
    why: "a member that is undefined is not sent",
  },
  {
    file: "item.ts",
    original: "model.secrets.length > 0",
    replacement: "model.secrets.length >= 0",
    why: "without secrets, nothing is refused and nothing masked",
  },
  {
    file: "stored-secrets.ts",
    original: "clear.length === 0",
    replacement: "false",
    why: "the keys of a command are in a variable: its current key is looked up for nothing",
  },
  {
    file: "schema-issues.ts",
    original: '""',
    replacement: '"Stryker was here!"',
    line: "listed(parsed.map((match)",
    why: "every rule has matched here, so the default is not used",
  },
];

export function isEquivalent(mutant: Mutant, text: string, known = equivalents): boolean {
  const squeezed = (part: string) => part.replaceAll(/\s+/g, " ").trim();
  const line = text.split("\n")[mutant.line - 1] ?? "";
  return known.some(
    (one) =>
      one.file === basename(mutant.file) &&
      squeezed(one.original) === squeezed(mutant.original) &&
      squeezed(one.replacement) === squeezed(mutant.replacement) &&
      (one.line === undefined || squeezed(line).includes(squeezed(one.line))),
  );
}

/** The file with the documents that cannot be items. */
import { appendFileSync, rmSync } from "node:fs";
import { notKept } from "../../run/run-state.js";
import type { DoneRecord } from "./journal.js";

/** Lists rejected documents: path and reasons, a line each. The file is created for the first one. */
export class RejectedList {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    try {
      rmSync(file, { force: true });
    } catch (error) {
      throw notKept(file, error);
    }
  }

  add(rejected: DoneRecord["rejected"]): void {
    if (rejected.length === 0) return;
    const lines = rejected.map(({ path, reasons }) => `${JSON.stringify({ path, reasons })}\n`);
    try {
      appendFileSync(this.#file, lines.join(""));
    } catch (error) {
      throw notKept(this.#file, error);
    }
  }
}

/**
 * `npm start`: the data layer at work. An embedded engine, the documents of a Firestore export, and
 * the application's main reads and writes, one line each. Nothing keeps running, and nothing is kept.
 */
import { join, relative } from "node:path";
import { Command } from "commander";
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { startEngine } from "../../src/testing/engine.js";
import { openFolder, showFindings, showRejections } from "../cli/commands/seed.js";
import { exitCode, UsageError } from "../cli/connection.js";
import type { SourceItem } from "../move/firestore/map-document.js";
import type { FirestoreExport } from "../move/firestore/read-export.js";
import { createReport, type LoadReport, loadItems } from "../move/load-items.js";
import { Ending, watchProcess } from "../run/ending.js";
import { count, createTerminal, cut, duration } from "../run/terminal.js";
import { createCasting } from "./cast.js";
import { pageSteps } from "./page-steps.js";
import { readSteps } from "./read-steps.js";
import type { Scene, Step } from "./step.js";
import { writeSteps } from "./write-steps.js";

const groups = [readSteps, pageSteps, writeSteps];

/** How many rejected documents are shown; `seed` lists them all. */
const shownRejections = 20;

const end = watchProcess(({ message }) => terminal.fail(message));
const { signal } = end;
const terminal = createTerminal({ onOutputFailure: end.outputFailed });
const { line, paint } = terminal;
const sample = relative(process.cwd(), join(import.meta.dirname, "firestore-sample"));

const { from } = new Command("npm start --")
  .description(
    "Shows the data layer at work: starts an embedded engine, loads a Firestore export into it, and runs the application's main reads and writes.",
  )
  .option("--from <folder>", "a Firestore export of your own", sample)
  .addHelpText("after", "\nExample:\n  $ npm start -- --from ./firestore-export")
  .configureHelp({ helpWidth: terminal.textColumns })
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage))
  .parse()
  .opts<{ from: string }>();

let requests = 0;
let failures = 0;

try {
  await main();
  end.finish(failures === 0 ? exitCode.ok : exitCode.findings);
} catch (error) {
  if (signal.reason instanceof Ending) {
    if (signal.reason.isSignal) terminal.complain(signal.reason.message);
    end.finish(signal.reason.exitCode);
  } else {
    terminal.fail(messageOf(error));
    end.finish(error instanceof UsageError ? exitCode.usage : exitCode.findings);
  }
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const documents = await openFolder(from);
  line(paint("bold", "bayon-coagent-data: twelve entities in one DynamoDB table"));
  line();

  await using engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  await using data = createDataLayer({
    environment: "local",
    tableName: "BayonCoAgent-local",
    endpoint,
    region,
    credentials,
    events: () => {
      requests += 1;
    },
  });
  await data.table.create({ signal });
  const ready = duration(performance.now() - startedAt);
  line(`engine     ${engine.name} in memory, with a new table, ready in ${ready}`);

  const report = createReport();
  const casting = createCasting();
  const since = checkpoint();
  await load(data, documents, report, casting.see);
  line(`documents  ${outcomeOf(report)}, from ${documents.folder} (${since()})`);

  const cast = casting.choose();
  line(
    `user       ${cut(cast.userId, terminal.textColumns - 42)}, who has the most kinds of items`,
  );
  const transactions = engine.capabilities.transactions;
  const draft = { contentId: "none", updatedAt: 0 };
  await play({ ...cast, data, transactions, contentIds: [], projectId: undefined, draft });

  line();
  const spent = duration(performance.now() - startedAt);
  const total = `documents ${outcomeOf(report)}; ${count(requests, "request")} in ${spent}`;
  line(paint("bold", total));
  showRejections(report, terminal, {
    columns: terminal.textColumns,
    most: shownRejections,
    folder: documents.folder,
  });
  showFindings(documents, terminal, terminal.textColumns);
  if (failures > 0) line(paint("red", `${count(failures, "step")} failed`));
}

async function load(
  data: DataLayer,
  documents: FirestoreExport,
  report: LoadReport,
  onAccepted: (item: SourceItem) => void,
): Promise<void> {
  const progress = terminal.progress("documents", documents.expectedDocuments);
  const onProgress = (items: number) => progress.advance(items);
  try {
    await loadItems(data, documents.documents(), report, { signal, onAccepted, onProgress });
  } finally {
    progress.end();
  }
}

async function play(scene: Scene): Promise<void> {
  for (const { name, steps } of groups) {
    line();
    line(paint("dim", `req      ms  ${name}`));
    for (const step of steps) {
      signal.throwIfAborted();
      line(await perform(step, scene));
    }
  }
}

/** One line: requests, milliseconds, the call and what came back. */
async function perform({ call, run }: Step, scene: Scene): Promise<string> {
  const before = { requests, at: performance.now() };
  const outcome = await run(scene).catch((error: unknown) => {
    failures += 1;
    return `${paint("red", "FAILED")} ${messageOf(error)}`;
  });
  const ms = (performance.now() - before.at).toFixed(1).padStart(7);
  const sent = String(requests - before.requests).padStart(3);
  return `${sent} ${ms}  ${call.padEnd(33)} ${cut(outcome, terminal.textColumns - 47)}`;
}

/** What was spent between this call and the call of the result. */
function checkpoint(): () => string {
  const before = { requests, at: performance.now() };
  return () =>
    `${count(requests - before.requests, "request")}, ${duration(performance.now() - before.at)}`;
}

function outcomeOf({ counts, rejections }: LoadReport): string {
  const written = [...counts.values()].reduce((sum, { written: some }) => sum + some, 0);
  const rejected = rejections.length === 0 ? "" : `, ${rejections.length} rejected`;
  return `${written.toLocaleString("en-US")} written${rejected}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * `npm start`: the data layer at work. An embedded engine, the documents of a Firestore export, and
 * the application's main reads and writes, one line each. Nothing is left running or written.
 */
import { join, relative } from "node:path";
import { Command } from "commander";
import { createDataLayer } from "../src/index.js";
import { startEngine } from "../src/testing/engine.js";
import { exitCode } from "./commands/connection.js";
import { createCasting } from "./demo-cast.js";
import { type Scene, type Step, steps } from "./demo-steps.js";
import { ExportError } from "./firestore/json-file.js";
import { type FirestoreExport, openExport } from "./firestore/read-export.js";
import { endWithPipe, interruptSignal } from "./interrupt.js";
import { createReport, type LoadReport, loadItems } from "./load-items.js";
import { count, createTerminal, cut, duration } from "./terminal.js";

const sample = relative(process.cwd(), join(import.meta.dirname, "firestore-sample"));

const { from } = new Command("npm start --")
  .description(
    "Shows the data layer at work: starts an embedded engine, loads a Firestore export into it, and runs the application's main reads and writes.",
  )
  .option("--from <folder>", "a Firestore export of your own", sample)
  .addHelpText("after", "\nExample:\n  $ npm start -- --from ./firestore-export")
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage))
  .parse()
  .opts<{ from: string }>();

/** Rejected documents that are shown; `seed` lists them all. */
const shownRejections = 20;

const terminal = createTerminal();
const { line, paint } = terminal;
const signal = interruptSignal();
endWithPipe();

let requests = 0;
let failures = 0;
const startedAt = performance.now();

try {
  await main();
  process.exitCode = failures === 0 ? exitCode.ok : exitCode.findings;
} catch (error) {
  const interrupted = signal.aborted;
  terminal.complain(interrupted ? "interrupted" : `${paint("red", "error")}: ${messageOf(error)}`);
  process.exitCode = interrupted ? exitCode.interrupted : exitCode.findings;
}

async function main(): Promise<void> {
  const documents = await openExport(from);
  line(paint("bold", "bayon-coagent-data: twelve entities in one DynamoDB table"));
  line();

  const engineStartedAt = performance.now();
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
  const readyIn = duration(performance.now() - engineStartedAt);
  line(`engine     ${engine.name}, in memory, with an empty table, ready in ${readyIn}`);

  const report = createReport();
  const casting = createCasting();
  await load(documents, report, (chunk) =>
    loadItems(data, chunk, report, { signal, onAccepted: casting.see }),
  );
  const scene: Scene = {
    ...casting.choose(),
    data,
    contentIds: [],
    projectId: undefined,
    draft: undefined,
  };
  line(`user       ${cut(scene.userId, terminal.columns - 12)}, who has most kinds of items`);
  await play(scene);
  summarise(report, documents);
}

async function load(
  documents: FirestoreExport,
  report: LoadReport,
  write: (items: ReturnType<FirestoreExport["documents"]>) => Promise<void>,
): Promise<void> {
  const before = { requests, at: performance.now() };
  await write(documents.documents());
  const cost = `${count(requests - before.requests, "request")}, ${duration(performance.now() - before.at)}`;
  line(`documents  ${outcomeOf(report)} from ${documents.folder} (${cost})`);
}

async function play(scene: Scene): Promise<void> {
  let group: Step["group"] | undefined;
  for (const step of steps) {
    signal.throwIfAborted();
    if (step.group !== group) {
      group = step.group;
      line();
      line(paint("dim", `requests      ms  ${group}`));
    }
    line(await perform(step, scene));
  }
}

/** One line: requests, milliseconds, the call and what came back. */
async function perform(step: Step, scene: Scene): Promise<string> {
  const before = { requests, at: performance.now() };
  let outcome: string;
  try {
    outcome = await step.run(scene);
  } catch (error) {
    failures += 1;
    outcome = `${paint("red", "FAILED")} ${messageOf(error)}`;
  }
  const ms = (performance.now() - before.at).toFixed(1).padStart(7);
  const sent = String(requests - before.requests).padStart(8);
  const call = step.call.padEnd(36);
  return `${sent} ${ms}  ${call}${cut(outcome, terminal.columns - 54)}`;
}

function summarise(report: LoadReport, { folder, findings }: FirestoreExport): void {
  line();
  line(
    paint(
      "bold",
      `${outcomeOf(report)}, ${count(requests, "request")}, ${duration(performance.now() - startedAt)}`,
    ),
  );
  const { rejections } = report;
  const width = terminal.columns - 2;
  for (const { path, reasons } of rejections.slice(0, shownRejections)) {
    const reason = reasons.join("; ");
    const room = Math.max(width - reason.length - 14, 30);
    line(cut(`  ${paint("yellow", "rejected")}  ${cut(path, room)}: ${reason}`, width + 10));
  }
  if (rejections.length > shownRejections) {
    line(`  … and ${rejections.length - shownRejections} more: bayon-data seed --from ${folder}`);
  }
  for (const { file, message } of findings) {
    line(`  ${paint("yellow", "finding")}   ${file}: ${message}`);
  }
  if (failures > 0) line(paint("red", `${count(failures, "step")} failed`));
}

function outcomeOf({ counts, rejections }: LoadReport): string {
  const written = [...counts.values()].reduce((sum, { written: some }) => sum + some, 0);
  const rejected = rejections.length === 0 ? "" : `, ${rejections.length} rejected`;
  return `${count(written, "document")} written${rejected}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error || error instanceof ExportError ? error.message : String(error);
}

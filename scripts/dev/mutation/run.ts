/**
 * `npm run test:mutation`: measures how good the tests are. Changes the sources in a random sample of
 * places, one at a time and in a copy, and checks whether a test notices it.
 *
 * Stryker's own run tries all of the 20,000 mutants, which takes days with tests on real engines.
 * Here its mutators give the changes, and a record of what each test reaches gives the tests to run.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { exitCode, wholeNumber } from "../../cli/connection.js";
import { Ending, watchProcess } from "../../run/ending.js";
import { count, createTerminal, duration, table } from "../../run/terminal.js";
import { isEquivalent } from "./equivalents.js";
import { type CleanTests, type Examined, examine, type Fate } from "./examine.js";
import { diffOf, findMutants, isProse, type Mutant } from "./mutants.js";
import { isTest, recordReach } from "./reach.js";
import { Results, testFileOf } from "./results.js";
import { scoresOf } from "./score.js";
import { findSubjects, inTryingOrder, isIn, sampleOf } from "./subjects.js";
import { compilerState, listFiles, Workspace } from "./workspace.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const end = watchProcess(({ message }) => terminal.fail(message));
const { signal } = end;
const terminal = createTerminal({ onOutputFailure: end.outputFailed });

const percent = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0 && number <= 100) return number;
  throw new InvalidArgumentError("It must be a number from 0 to 100.");
};

interface Options {
  readonly size: number;
  readonly seed: number;
  readonly room?: string[];
  readonly files?: string[];
  readonly first?: string[];
  readonly mutant?: string[];
  readonly tests?: string[];
  readonly atMost?: number;
  readonly texts: boolean;
  readonly list: boolean;
  readonly record: boolean;
  readonly resume: boolean;
  readonly workers: number;
  readonly least: number;
  readonly json: boolean;
}

const options = new Command("npm run test:mutation --")
  .description(
    "Changes the sources in a random sample of places (mutants), one at a time and in a copy, and checks whether a test notices it. Prints the score of each room, and each mutant that survives. The first run records which test reaches what, in .cache/mutation: that takes as long as all tests, one by one.",
  )
  .option("--size <n>", "mutants of the sample", wholeNumber(1, 100_000), 100)
  .option("--seed <n>", "of the sample", wholeNumber(0, 2 ** 32 - 1), 1)
  .option("--room <folders...>", "only in these: src/errors, services, …")
  .option("--files <paths...>", "only in these files or folders")
  .option(
    "--first <places...>",
    "begin with these rooms, files or folders, in this order; the rest follows at random",
  )
  .option("--mutant <ids...>", "only these, by the ids printed with the survivors")
  .option("--tests <files...>", "run only these of the tests that reach a mutant")
  .option(
    "--at-most <seconds>",
    "of the tests that reach a mutant, run only the first that take so long together",
    wholeNumber(1, 100_000),
  )
  .option("--texts", "also mutants that empty a string of several words", false)
  .option("--list", "print the sample and run nothing", false)
  .option("--record", "record again what each test reaches", false)
  .option(
    "--resume",
    "take what earlier runs found, from .cache/mutation/results.jsonl, where neither file nor tests have changed",
    false,
  )
  .option("--workers <n>", "copies that are worked in at a time", wholeNumber(1, 64), workers())
  .option("--least <percent>", "exit code 1 if fewer are noticed", percent, 0)
  .option("--json", "print one JSON object; the rest goes to stderr", false)
  .addHelpText(
    "after",
    "\nExamples:\n  $ nice npm run test:mutation -- --size 500 --seed 7\n  $ npm run test:mutation -- --room src/errors --size 20",
  )
  .configureHelp({ helpWidth: terminal.textColumns })
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage))
  .parse()
  .opts<Options>();

function workers(): number {
  return Math.max(1, availableParallelism());
}

function chosen(mutants: readonly Mutant[]): Mutant[] {
  if (options.mutant !== undefined) {
    const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
    return options.mutant.map((id) => {
      const mutant = byId.get(id);
      if (mutant === undefined) throw new Error(`test:mutation: there is no mutant ${id}`);
      return mutant;
    });
  }
  const places = [...(options.room ?? []), ...(options.files ?? [])];
  const possible = mutants.filter(
    (mutant) =>
      (places.length === 0 || isIn(mutant.file, places)) && (options.texts || !isProse(mutant)),
  );
  if (possible.length === 0) throw new Error(`test:mutation: no mutants in ${places.join(", ")}`);
  return sampleOf(possible, options.seed, options.size);
}

const marks: Record<Fate, string> = {
  killed: "killed",
  timeout: "killed, too late",
  survived: "SURVIVED",
  compiler: "does not compile",
  unreached: "NOT REACHED",
  equivalent: "changes nothing",
};

function report(one: Examined, done: number, total: number): void {
  const by = one.by === undefined ? "" : `  ${one.by}`;
  const took = `${one.tests} test files, ${duration(one.seconds * 1000)}`;
  terminal.complain(`${done}/${total}  ${marks[one.fate]}  ${one.mutant.id}  ${took}${by}`);
}

function showUnnoticed({ mutant, fate, tests, reaching }: Examined, text: string): void {
  const reached =
    fate === "unreached" ? "no test reaches it" : `${tests} of ${reaching} test files passed`;
  terminal.line(`\n${mutant.file}:${mutant.line}  ${mutant.mutator}  ${reached}`);
  for (const line of diffOf(text, mutant)) terminal.line(`  ${line}`);
  terminal.line(`  npm run test:mutation -- --mutant ${mutant.id}`);
}

function showScores(examined: readonly Examined[], unsound: readonly string[]): void {
  terminal.line("");
  const head = ["room", "killed", "too late", "survived", "not reached", "compiler", "same"];
  const rows = scoresOf(examined).map(({ room, score, ...counts }) => {
    const { killed, timeout, survived, unreached, compiler, equivalent } = counts;
    return [
      room,
      ...[killed, timeout, survived, unreached, compiler, equivalent],
      score === null ? "" : `${score.toFixed(1)} %`,
    ];
  });
  for (const line of table([[...head, "score"], ...rows])) terminal.line(line);
  for (const file of unsound) terminal.line(`did not count, it fails without a mutant: ${file}`);
}

async function run(): Promise<number> {
  const files = listFiles(root);
  // Edits to the working tree during the run do not affect it.
  using origin = new Workspace(root, files);
  const mutated = await findMutants(origin.folder, findSubjects(origin.folder));
  const sample = chosen(mutated.mutants);
  terminal.complain(
    `${count(sample.length, "mutant")} of ${mutated.mutants.length}, seed ${options.seed}`,
  );
  if (options.list) {
    for (const { id, replacement } of sample) terminal.line(`${id}  ${replacement.split("\n")[0]}`);
    return exitCode.ok;
  }
  const reach = await recordReach({
    origin,
    kept: join(root, ".cache", "mutation", "reach.json"),
    files,
    mutated,
    anew: options.record,
    workers: options.workers,
    signal,
    onTest: (done, total) => {
      if (done % 10 === 0 || done === total) {
        terminal.complain(`recording what tests reach: ${done} of ${total} test files`);
      }
    },
  });
  const { tests: only, atMost: atMostSeconds } = options;
  for (const file of only ?? []) {
    if (!files.includes(file) || !isTest(file)) throw new Error(`${file} is no test file`);
  }

  const results = new Results(join(root, ".cache", "mutation", "results.jsonl"), origin, files, {
    only,
    atMostSeconds,
  });
  const examined: Examined[] = [];
  const clean: CleanTests = new Map();
  const found = (one: Examined): void => {
    examined.push(one);
    report(one, examined.length, sample.length);
    const unnoticed = one.fate === "survived" || one.fate === "unreached";
    if (unnoticed && !options.json) showUnnoticed(one, origin.read(one.mutant.file));
  };
  const isKnownEquivalent = (mutant: Mutant) =>
    options.mutant === undefined && isEquivalent(mutant, origin.read(mutant.file));
  const left: Mutant[] = [];
  for (const mutant of inTryingOrder(sample, options.first ?? [], options.seed)) {
    const known = options.resume ? results.of(mutant) : undefined;
    if (isKnownEquivalent(mutant)) {
      found({ mutant, fate: "equivalent", tests: 0, reaching: 0, seconds: 0 });
    } else if (known === undefined) left.push(mutant);
    else {
      if (known.by !== undefined) reach.noteKill(mutant, testFileOf(known.by));
      found(known);
    }
  }
  // Otherwise each survivor would pass for one that the compiler refuses.
  if (left.length > 0 && !(await origin.compiles(signal))) {
    throw new Error("test:mutation: without a mutant, the types do not check either");
  }
  const work = async (): Promise<void> => {
    using workspace = new Workspace(origin.folder, [...files, compilerState]);
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const one = await examine(workspace, mutant, { reach, clean, signal, only, atMostSeconds });
      results.keep(one);
      found(one);
    }
  };
  const inOrder = () => sample.flatMap((mutant) => examined.filter((one) => one.mutant === mutant));
  try {
    await Promise.all(Array.from({ length: Math.min(options.workers, left.length) }, work));
  } catch (error) {
    if (signal.aborted && !options.json) showScores(inOrder(), []);
    throw error;
  }

  const unsound = await failingClean(clean);
  const scores = scoresOf(inOrder());
  if (options.json) {
    terminal.line(JSON.stringify({ seed: options.seed, scores, unsound, mutants: inOrder() }));
  } else showScores(inOrder(), unsound);
  const all = scores.at(-1)?.score ?? 100;
  return all < options.least ? exitCode.findings : exitCode.ok;
}

async function failingClean(clean: CleanTests): Promise<string[]> {
  const found: string[] = [];
  for (const [file, passes] of clean) if (!(await passes)) found.push(file);
  return found.sort();
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(signal.aborted && error === signal.reason)) throw error;
  process.exitCode =
    signal.reason instanceof Ending ? signal.reason.exitCode : exitCode.interrupted;
}

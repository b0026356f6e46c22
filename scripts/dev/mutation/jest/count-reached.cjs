// Jest, and each process that a test starts, write down which mutants they reached. What is reached
// while no test runs, as when a file is loaded, is told apart.
const { mkdirSync, writeFileSync } = require("node:fs");
const { randomUUID } = require("node:crypto");
const { join } = require("node:path");

const folder = process.env.COAGENT_MUTATION_REACHED;

function watch(scope) {
  scope.__stryker__ ??= {};
  const file = join(folder, `${randomUUID()}.json`);
  let written = "";
  return () => {
    const { mutantCoverage } = scope.__stryker__;
    if (mutantCoverage === undefined) return;
    const of = (counts) => Object.keys(counts ?? {});
    const text = JSON.stringify({
      loading: of(mutantCoverage.static),
      testing: of(mutantCoverage.perTest?.test),
    });
    if (text === written) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    written = text;
  };
}

if (folder !== undefined) {
  const write = watch(globalThis);
  // What takes too long is killed, with all that it started: it has written by then.
  setInterval(write, 500).unref();
  if (typeof beforeAll === "function") {
    beforeEach(() => {
      globalThis.__stryker__.currentTestId = "test";
    });
    afterAll(write);
  } else {
    // A process that a test starts is all test.
    globalThis.__stryker__.currentTestId = "test";
    process.on("exit", write);
  }
}

// Writes down the first test that failed and ends the process. `--bail` lets the other tests of the
// file run, and with a mutant each of them may wait for its time-out.
const { writeFileSync } = require("node:fs");

const output = process.env.COAGENT_MUTATION_FAILED;

module.exports = class FirstFailure {
  onTestCaseResult({ path }, { status, fullName }) {
    if (status === "failed") end({ path, test: fullName });
  }

  // A file can also fail as a whole: it cannot be loaded, or one of its hooks fails.
  onTestResult({ path }, { testExecError, numFailingTests }) {
    if (testExecError !== undefined || numFailingTests > 0) end({ path });
  }
};

function end(failure) {
  if (output === undefined) return;
  writeFileSync(output, JSON.stringify(failure));
  process.exit(1);
}

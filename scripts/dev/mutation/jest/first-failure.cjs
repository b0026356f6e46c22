// Writes down the first test file that failed, at once: with --bail Jest ends before its own report.
const { existsSync, writeFileSync } = require("node:fs");

module.exports = class FirstFailure {
  onTestResult(_, { testFilePath, testExecError, numFailingTests, testResults }) {
    const file = process.env.COAGENT_MUTATION_FAILED;
    if (file === undefined || existsSync(file)) return;
    if (testExecError === undefined && numFailingTests === 0) return;
    const failed = testResults.find(({ status }) => status === "failed");
    writeFileSync(file, JSON.stringify({ path: testFilePath, test: failed?.fullName }));
  }
};

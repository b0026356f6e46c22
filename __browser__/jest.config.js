import unit from "../jest.config.js";

/**
 * Tests of the example application in a real browser. One after the other: each has a server, an engine
 * and a browser.
 * @type {import("jest").Config}
 */
export default {
  ...unit,
  rootDir: "..",
  // No test here starts a process of the unit tests.
  globalSetup: undefined,
  testMatch: ["<rootDir>/__browser__/**/*.test.ts"],
  maxWorkers: 1,
  testTimeout: 60_000,
};

export default {
  test: { globalSetup: ["bayon-coagent-data/testing/vitest"], include: ["**/*.spec.mjs"] },
};

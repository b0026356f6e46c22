// The flow, bundled to CommonJS, which Jest runs as it comes; the packages stay outside.
const { runFlow } = require("./flow.cjs");

test("the flow", () => runFlow(), 120_000);

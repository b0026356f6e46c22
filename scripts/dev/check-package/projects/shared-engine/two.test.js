const { useEngine } = require("./use-engine.js");

test("uses the engine of all workers", () => useEngine(), 60_000);

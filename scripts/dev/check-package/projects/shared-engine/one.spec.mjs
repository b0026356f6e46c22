import { test } from "vitest";
import { useEngine } from "./use-engine.js";

test("uses the engine of all workers", { timeout: 60_000 }, () => useEngine());

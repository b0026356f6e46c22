import { test } from "vitest";
import { runFlow } from "../flow/flow.js";

test("the flow", { timeout: 120_000 }, () => runFlow());

// The flow as a program: all of its parts.
import { runFlow } from "./flow.js";

// CommonJS, to which some bundle it, has no await here.
runFlow().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

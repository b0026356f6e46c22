// A route handler.
import { runFlow } from "../../../flow/flow.js";

export async function POST() {
  await runFlow(["clients", "repository", "useCases", "errors"]);
  return new Response("done");
}

// A server component, which runs its parts of the flow while it is rendered.
import { runFlow } from "../../flow/flow.js";
import { runInAction } from "./actions.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  await runFlow(["stores", "native"]);
  return (
    <form action={runInAction}>
      <button type="submit">Go on</button>
    </form>
  );
}

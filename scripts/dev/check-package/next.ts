/** A Next.js application, built for production and started, that runs the flow. */
import { join } from "node:path";
import { bin, node, serve } from "./commands.js";
import { runFlow } from "./flow.js";
import { readableAnswer } from "./http.js";
import type { Run } from "./recorder.js";

export type NextBundler = "turbopack" | "webpack";

/** Where each bundler writes its output; both may exist at once. */
const outputOf = (bundler: NextBundler) => ({ FLOW_NEXT_OUTPUT: `.next-${bundler}` });

export async function buildNext(project: string, bundler: NextBundler): Promise<void> {
  const args = [bin(project, "next"), "build", `--${bundler}`];
  await node(args, { cwd: join(project, "next"), env: outputOf(bundler) });
}

/** The hidden field by which a page's form names its server action, as a browser without scripts sends it. */
function actionOf(page: string): FormData {
  const name = /name="(\$ACTION_ID_\w+)"/.exec(page)?.[1];
  if (name === undefined) throw new Error(`the page has no server action: ${page.slice(0, 500)}`);
  const form = new FormData();
  form.set(name, "");
  return form;
}

/** Runs the flow in a server component, a server action and a route handler of a built application. */
export async function runInNext(project: string, bundler: NextBundler): Promise<Run> {
  return runFlow(async (env) => {
    const server = await serve(
      [bin(project, "next"), "start", "--hostname", "127.0.0.1", "--port", "0"],
      { cwd: join(project, "next"), env: { ...env, ...outputOf(bundler) } },
      /Ready in/,
    );
    try {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.output())?.[0] ?? "";
      const page = await readableAnswer(url);
      await readableAnswer(url, { method: "POST", body: actionOf(page) });
      await readableAnswer(`${url}/route`, { method: "POST" });
      const client = await readableAnswer(`${url}/client`);
      if (!client.includes("USER#user-1 PROJECT#project-1")) throw new Error(client);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${server.output()}`, { cause: error });
    } finally {
      await server.close();
    }
  });
}

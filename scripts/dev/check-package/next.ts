/** A Next.js application, built for production and started, that runs the flow. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, node, serve } from "./commands.js";
import { runFlow } from "./flow.js";
import { readableAnswer } from "./http.js";
import type { Run } from "./recorder.js";

type NextBundler = "turbopack" | "webpack";

/** Where each bundler writes its output; both may exist at once. */
const outputOf = (bundler: NextBundler) => ({ FLOW_NEXT_OUTPUT: `.next-${bundler}` });

export async function buildNext(project: string, bundler: NextBundler): Promise<void> {
  // The webpack build of Next.js 16.4 looks for a manifest that it does not write for a route on the edge.
  if (bundler === "webpack")
    rmSync(join(project, "next", "app", "edge"), { recursive: true, force: true });
  const args = [bin(project, "next"), "build", `--${bundler}`];
  await node(args, { cwd: join(project, "next"), env: outputOf(bundler) });
}

/** A client component that imports what only a server has. */
const refusedPage = `"use client";
import { createDataLayer } from "bayon-coagent-data";
export default function Page() {
  return <button onClick={() => createDataLayer()}>a table in the browser</button>;
}
`;

/**
 * Tries to build an application whose client component makes a data layer.
 * @throws Error if it is built, or if it is refused for another reason
 */
export async function refuseInNext(project: string): Promise<void> {
  const folder = join(project, "next-refused");
  rmSync(folder, { recursive: true, force: true });
  for (const file of ["package.json", "next.config.js", "app/layout.js"]) {
    cpSync(join(project, "next", file), join(folder, file), { recursive: true });
  }
  mkdirSync(join(folder, "app"), { recursive: true });
  writeFileSync(join(folder, "app", "page.js"), refusedPage);
  const refusal = await node([bin(project, "next"), "build", "--turbopack"], { cwd: folder }).then(
    () => "it was built",
    (error: { message: string; stdout?: string }) => `${error.message}${error.stdout ?? ""}`,
  );
  if (!/createDataLayer was not found in module .*server-only/.test(refusal)) {
    throw new Error(`a client component with createDataLayer: ${refusal}`);
  }
}

/** On the edge runtime a key function works, and a data layer says what it needs. */
function checkEdge(answer: string): void {
  const { key, message } = JSON.parse(answer) as { key: string; message: string };
  if (key !== "PROJECT#project-1" || !message.includes('export const runtime = "nodejs"')) {
    throw new Error(`on the edge runtime: ${answer}`);
  }
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
      if (bundler === "turbopack") checkEdge(await readableAnswer(`${url}/edge`));
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${server.output()}`, { cause: error });
    } finally {
      await server.close();
    }
  });
}

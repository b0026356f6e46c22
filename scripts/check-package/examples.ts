/** The examples as their readers copy them: installed, built for production, and used. */
import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import { Note } from "./checks.js";
import { bin, node, root, serve } from "./commands.js";
import { runFlow } from "./flow.js";
import { readableAnswer } from "./http.js";

/** The bundle with its SDK, minified; what a new version of the SDK adds is let pass, what more is not. */
const mostLambdaBytes = 1000 * 1024;

function copied(project: string, example: string): string {
  const folder = join(project, example);
  cpSync(join(root, "examples", example), folder, { recursive: true });
  return folder;
}

/** Builds the function, and calls it in a new process: its size and its cold start are told. */
export async function runLambdaExample(project: string): Promise<Note> {
  const folder = copied(project, "lambda");
  await node(["build.mjs"], { cwd: folder });
  const { size } = statSync(join(folder, "dist", "lambda.mjs"));
  if (size > mostLambdaBytes) throw new Error(`the bundle has ${size} bytes`);
  const script = `
    const startedAt = performance.now();
    const { handler } = await import("./dist/lambda.mjs");
    const loaded = performance.now() - startedAt;
    const claims = { sub: "lambda" };
    const event = { routeKey: "GET /content", requestContext: { authorizer: { jwt: { claims } } } };
    const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
    const answered = performance.now() - startedAt;
    if (statusCode !== 200 || JSON.parse(body).items.length !== 0) throw new Error(body);
    console.log(loaded.toFixed() + " ms to load, " + answered.toFixed() + " ms to the first answer");
    process.exit();`;
  let told = "";
  await runFlow(async (env) => {
    told = await node(["--input-type=module", "--eval", script], { cwd: folder, env });
  });
  return new Note(`${(size / 1024).toFixed()} KB, ${told}`);
}

/** Builds the application, and uses its page, its action and its route. */
export async function runNextExample(project: string): Promise<void> {
  const folder = copied(project, "next-minimal");
  const next = bin(project, "next");
  await node([next, "build"], { cwd: folder });
  await runFlow(async (env) => {
    const args = [next, "start", "--hostname", "127.0.0.1", "--port", "0"];
    const server = await serve(args, { cwd: folder, env }, /Ready in/);
    try {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.output())?.[0] ?? "";
      const content = { type: "Note", title: "Before you sell", content: "Five things…" };
      await readableAnswer(`${url}/api/content`, { method: "POST", body: JSON.stringify(content) });
      const page = await readableAnswer(url);
      if (!page.includes(content.title)) throw new Error(`the page lacks the content: ${page}`);
      const listed = JSON.parse(await readableAnswer(`${url}/api/content`)) as { items: object[] };
      if (listed.items.length !== 1) throw new Error(`the route lists ${JSON.stringify(listed)}`);
      // The last form of the page creates a project.
      const [, action] = [...page.matchAll(/name="(\$ACTION_ID_\w+)"/g)].at(-1) ?? [];
      if (action === undefined) throw new Error("the page has no server action");
      const form = new FormData();
      form.set(action, "");
      form.set("name", "Autumn");
      const after = await readableAnswer(url, { method: "POST", body: form });
      if (!after.includes("Autumn")) throw new Error(`the action made no project: ${after}`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${server.output()}`, { cause: error });
    } finally {
      await server.close();
    }
  });
}

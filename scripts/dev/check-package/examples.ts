/** The applications of examples/, built and run as their chapters describe. */
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createDataLayer } from "../../../src/data-layer.js";
import { startEngine } from "../../../src/testing/index.js";
import { Note } from "./checks.js";
import { bin, node, root, type Served, serve } from "./commands.js";
import type { NextBundler } from "./next.js";

/** Runs something with an engine that holds the table of the environment `local`. */
async function withEngine<R>(run: (env: Record<string, string>) => Promise<R>): Promise<R> {
  const engine = await startEngine({ engine: "dynoxide" });
  const data = createDataLayer({ environment: "local", endpoint: engine.endpoint });
  try {
    await data.table.create();
    return await run({
      COAGENT_ENV: "local",
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    });
  } finally {
    await data.close();
    await engine.close();
  }
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is}, not ${should}`);
}

// ---------------------------------------------------------------------------------------------
// Lambda

/** Does what Lambda does: loads the bundle and calls its handler, for each event. */
const invocations = `
  const startedAt = performance.now();
  const since = () => (performance.now() - startedAt).toFixed();
  const { handler } = await import(process.argv[2]);
  const loaded = since();
  const requestContext = { authorizer: { jwt: { claims: { sub: "ana" } } } };
  const context = { getRemainingTimeInMillis: () => 10_000 };
  const call = (routeKey, event = {}) => handler({ routeKey, requestContext, ...event }, context);
  const body = JSON.stringify({ type: "Note", title: "Hello", content: "…" });
  const created = await call("POST /content", { body });
  const answered = since();
  const pathParameters = { contentId: JSON.parse(created.body).contentId };
  const responses = [
    created,
    await call("GET /content"),
    await call("GET /content/{contentId}", { pathParameters }),
    await call("PATCH /content/{contentId}", { pathParameters, body: '{"title":"Bye"}' }),
    await call("POST /content", { body: "{}" }),
    await call("DELETE /content/{contentId}", { pathParameters }),
    await call("GET /content/{contentId}", { pathParameters }),
  ];
  const statuses = responses.map(({ statusCode }) => statusCode);
  console.log(JSON.stringify({ statuses, loaded, answered }));
  process.exit(0);`;

/**
 * The largest size of the bundle with its SDK, minified: it leaves room for new releases of the SDK,
 * and for little else.
 */
const mostLambdaBytes = 1040 * 1024;

/**
 * Builds the function with its own script, and calls it. Reports its size and the time of its start.
 */
export async function runLambdaExample(project: string): Promise<Note> {
  const folder = join(project, "example-lambda");
  cpSync(join(root, "examples", "lambda"), folder, { recursive: true });
  await node(["build.mjs"], { cwd: folder });
  writeFileSync(join(folder, "invoke.mjs"), invocations);
  const file = join(folder, "dist", "lambda.mjs");
  const { size } = statSync(file);
  if (size > mostLambdaBytes) throw new Error(`the bundle has ${size} bytes`);
  const bundle = pathToFileURL(file).href;
  const told = await withEngine((env) => node(["invoke.mjs", bundle], { cwd: folder, env }));
  const { statuses, loaded, answered } = JSON.parse(told) as Record<string, unknown>;
  expectEqual("status codes", statuses, [201, 200, 200, 200, 400, 204, 404]);
  const kilobytes = (size / 1024).toFixed();
  return new Note(`${kilobytes} KB, loaded after ${loaded} ms, first answer after ${answered} ms`);
}

// ---------------------------------------------------------------------------------------------
// Next.js

/** Next is installed in the folder above the example. */
const nextConfig = `
  import { dirname } from "node:path";
  const root = dirname(import.meta.dirname);
  export default { outputFileTracingRoot: root, turbopack: { root } };`;

/** A client component that imports a server-only value. */
const refusedPage = `
  "use client";
  import { createDataLayer } from "bayon-coagent-data";
  export default function Page() {
    return <button onClick={() => createDataLayer()}>server only</button>;
  }`;

const allowedPage = `
  "use client";
  import type { SavedContent } from "bayon-coagent-data";
  import { getProjectKeys, ValidationError } from "bayon-coagent-data/keys";
  import { useState } from "react";
  export default function Page() {
    const [item] = useState<SavedContent | null>(null);
    const show = () => {
      try {
        console.log(getProjectKeys("u", item?.contentId ?? ""));
      } catch (error) {
        console.log(error instanceof ValidationError);
      }
    };
    return <button onClick={show}>keys</button>;
  }`;

const edgeRoute = `
  import { createDataLayer, getProjectKeys } from "bayon-coagent-data";
  export const runtime = "edge";
  export async function GET() {
    try {
      createDataLayer();
    } catch (error) {
      return Response.json({ key: getProjectKeys("u", "p").SK, message: (error as Error).message });
    }
    return Response.json({ message: "made" });
  }`;

/** The example with further pages, in a separate folder for each bundler. */
function makeNextExample(project: string, bundler: NextBundler): string {
  const folder = join(project, `example-next-${bundler}`);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, "examples", "next-minimal"), folder, { recursive: true });
  writeFileSync(join(folder, "next.config.mjs"), nextConfig);
  const pages = {
    "client/page.tsx": refusedPage,
    "keys/page.tsx": allowedPage,
    "edge/route.ts": edgeRoute,
  };
  for (const [file, text] of Object.entries(pages)) {
    mkdirSync(join(folder, "app", file, ".."), { recursive: true });
    writeFileSync(join(folder, "app", file), text);
  }
  return folder;
}

const buildNext = (project: string, folder: string, bundler: NextBundler): Promise<string> =>
  node([bin(project, "next"), "build", `--${bundler}`], { cwd: folder });

/**
 * A client component that imports a server-only value does not build. Without it the example builds
 * and runs: a server component, server actions, a route handler, and on the edge runtime an error
 * message.
 */
export async function runNextExample(project: string, bundler: NextBundler): Promise<void> {
  const folder = makeNextExample(project, bundler);
  const refusal = await buildNext(project, folder, bundler).then(
    () => "it was built",
    (error: { message: string; stdout?: string }) => `${error.message}${error.stdout ?? ""}`,
  );
  if (!/server.only/.test(refusal.replaceAll(">server only<", ""))) {
    throw new Error(`a client component with createDataLayer: ${refusal}`);
  }
  rmSync(join(folder, "app", "client"), { recursive: true });
  await buildNext(project, folder, bundler);
  await withEngine(async (env) => {
    const args = [bin(project, "next"), "start", "--hostname", "127.0.0.1", "--port", "0"];
    const server = await serve(args, { cwd: folder, env }, /Ready in/);
    try {
      await useNextExample(/http:\/\/127\.0\.0\.1:\d+/.exec(server.output())?.[0] ?? "");
    } catch (error) {
      throw withOutput(error, server);
    } finally {
      await server.close();
    }
  });
}

function withOutput(error: unknown, server: Served): Error {
  return new Error(`${(error as Error).message}\n${server.output()}`, { cause: error });
}

/** Uses the application like a browser without scripts. */
async function useNextExample(url: string): Promise<void> {
  const post = (body: string) => fetch(`${url}/api/content`, { method: "POST", body });
  const created = await post(JSON.stringify({ type: "Note", title: "Hello", content: "…" }));
  expectEqual("POST /api/content", created.status, 201);
  expectEqual("POST without fields", (await post("{}")).status, 400);
  const listed = (await (await fetch(`${url}/api/content`)).json()) as { items: unknown[] };
  expectEqual("items of GET /api/content", listed.items.length, 1);

  const page = await (await fetch(url)).text();
  if (!page.includes("Hello")) throw new Error(`the page shows no content: ${page.slice(0, 500)}`);
  // The last form of the page creates a project.
  const action = [...page.matchAll(/name="(\$ACTION_ID_\w+)"/g)].at(-1)?.[1] ?? "";
  const form = new FormData();
  form.set(action, "");
  form.set("name", "Open houses");
  await fetch(url, { method: "POST", body: form });
  if (!(await (await fetch(url)).text()).includes("Open houses")) {
    throw new Error("the server action made no project");
  }

  const edge = (await (await fetch(`${url}/edge`)).json()) as { key: string; message: string };
  expectEqual("a key on the edge runtime", edge.key, "PROJECT#p");
  if (!edge.message.includes('export const runtime = "nodejs"')) throw new Error(edge.message);
}

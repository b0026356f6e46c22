/** The Lambda function of examples/, built and called as its chapter describes. */
import { cpSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createDataLayer } from "../../../src/data-layer.js";
import { startEngine } from "../../../src/testing/index.js";
import { Note } from "./checks.js";
import { node, root } from "./commands.js";

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
const mostLambdaBytes = 1041 * 1024;

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

/** An explorer on a table of a test's own, and a browser's requests to it. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type RunningExplorer, serveExplorer } from "../../scripts/explore/serve.js";
import { createSurveyor } from "../../scripts/explore/survey.js";
import { openRawTable } from "../../scripts/raw/raw-table.js";
import { decode, encode } from "../../src/browser/values.js";
import { Meter } from "../../src/explorer/meter.js";
import type { Reply } from "../../src/explorer/protocol.js";
import { systemClock } from "../../src/runtime/clock.js";
import {
  createTestDataLayer,
  startEngine,
  type TestDataLayer,
  type TestDataLayerOptions,
} from "../../src/testing/index.js";
import type { RequestEvent } from "../../src/transport/events.js";
import type { Setting } from "../engines.js";

export interface Asked {
  readonly status: number;
  readonly reply: Reply;
  /** What the operation returned, decoded. */
  readonly value: unknown;
  /** The body as it was sent. */
  readonly text: string;
}

export interface Exploring {
  readonly data: TestDataLayer;
  readonly url: URL;
  /** What the browser sends once it has opened the address. */
  readonly cookie: string;
  ask(operation: string, input: object): Promise<Asked>;
  /** Ends the server, as Ctrl-C does. */
  end(): Promise<void>;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The files of the page, but for its script: the tests in Chromium have that. */
export function pageFolder(): URL {
  const folder = mkdtempSync(join(tmpdir(), "explorer-page-"));
  folders.push(folder);
  const page = "src/explorer/page";
  for (const file of ["index.html", "icon.svg", "explorer.css"]) {
    copyFileSync(join(page, file), join(folder, file));
  }
  writeFileSync(join(folder, "explorer.js"), "// the page's script\n");
  return pathToFileURL(`${folder}/`);
}

export interface ExploringOptions {
  readonly writable?: boolean;
  readonly unitsPerMinute?: number;
  /** The entities beside the twelve. */
  readonly entities?: object;
  /** Whether the table has a stream. */
  readonly stream?: boolean;
  /** The folder of the built page. @default its files without the script */
  readonly page?: URL;
}

/** Opens an explorer before the tests of a `describe`, and closes it after them. */
export function useExplorer(
  { engine: name, encryption }: Setting,
  { writable = false, unitsPerMinute = 100_000, page, ...rest }: ExploringOptions = {},
): () => Exploring {
  let exploring: Exploring | undefined;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    const engine = await startEngine({ engine: name });
    ends.push(() => engine.close());
    const meter = new Meter(unitsPerMinute, systemClock);
    const events = (event: RequestEvent) => meter.add(event);
    // The tests call the stores of the twelve alone.
    const own: TestDataLayerOptions = { engine, encryption, events, ...rest };
    const data = await createTestDataLayer(own);
    ends.push(() => data.close());
    const { endpoint, region, credentials } = engine;
    const table = openRawTable({ ...data.configuration, endpoint, region, credentials });
    ends.push(() => table.close());
    const survey = createSurveyor({
      ...{ table, meter, sample: 10_000, cipher: undefined },
      command: "bayon-data doctor",
    });
    const running: RunningExplorer = await serveExplorer({
      ...{ data, meter, survey, writable, port: 0, page: page ?? pageFolder() },
      onError: (error) => {
        throw error;
      },
    });
    let isOver = false;
    const end = async () => {
      if (!isOver) await running.close();
      isOver = true;
    };
    ends.push(end);
    const url = new URL(running.url);
    const opened = await fetch(url);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const ask = askOf(url, cookie);
    exploring = { data, url, cookie, ask, end };
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return () => {
    if (exploring === undefined) throw new Error("the explorer is open within tests only");
    return exploring;
  };
}

/** Asks for operations as the page does. */
export function askOf(url: URL, cookie: string): Exploring["ask"] {
  return async (operation, input) => {
    const response = await fetch(new URL(`/api/${operation}`, url), {
      method: "POST",
      headers: { "content-type": "application/json", cookie, origin: url.origin },
      body: JSON.stringify(encode(input, "test", "input")),
    });
    const text = await response.text();
    const reply = JSON.parse(text) as Reply;
    const value = decode(reply.value ?? null, "test", "value");
    return { status: response.status, reply, value, text };
  };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as it is, with a path and a host that no browser would send. */
export function send(
  { url }: Exploring,
  { method = "GET", path = "/", headers = {}, body }: Sent,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: url.hostname, port: url.port, method, path, headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

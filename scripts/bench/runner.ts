/** The processes of the benchmark: one for each contestant, and one for the server that responds. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";
import type { CellName } from "./canned.js";
import type { Round } from "./statistics.js";

/** The request to a contestant's process. */
export interface Task {
  readonly cell: CellName;
  /** Operations under way at the same time. */
  readonly inFlight: number;
  readonly times: number;
  /** No operation begins after this time. */
  readonly longestMs: number;
}

/**
 * The program of the contestants' processes, compiled like the package. tsx would set the name of
 * each function again whenever it is created, closures of a call included, which does not happen in a
 * user's installation.
 * @param options `channels: false` leaves the diagnostics channels out, as if nothing could listen
 * @returns its file, to be removed once the processes have started
 */
export async function compileContestants({ channels = true } = {}): Promise<string> {
  const name = channels ? "contestants" : "without-channels";
  const file = fileURLToPath(new URL(`.cache-bench-${name}.mjs`, import.meta.url));
  const bundle = await rolldown({
    input: fileURLToPath(new URL("contestant-process.ts", import.meta.url)),
    platform: "node",
    transform: { target: "node20.19" },
    external: (id) => isBuiltin(id) || !/^[./]/.test(id),
    plugins: channels ? [] : [withoutChannels],
  });
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  return file;
}

/** The property that is looked at before each call and each request. */
const look = /\b(?:call|request)Channel\.hasSubscribers\b/g;

/** Compiles as if nothing ever subscribed: the bundler leaves out what follows from it. */
const withoutChannels: Plugin = {
  name: "without-channels",
  transform: (code, id) =>
    /[\\/]src[\\/](?:call[\\/]call|transport[\\/]request)\.ts$/.test(id)
      ? { code: withoutLook(code, id), map: null }
      : null,
};

/** @throws if the file does not look at a channel: then both programs would be the same */
function withoutLook(code: string, id: string): string {
  const after = code.replaceAll(look, "false");
  if (after === code) throw new Error(`bench: ${id} looks at no channel`);
  return after;
}

/** The next message of a process. @throws if it ends instead */
async function reply(from: ChildProcess, whose: string): Promise<unknown> {
  const ending = new AbortController();
  const ended = once(from, "exit", { signal: ending.signal }).then(() => {
    throw new Error(`bench: the process of ${whose} has ended`);
  });
  const message = once(from, "message", { signal: ending.signal });
  try {
    const [received] = (await Promise.race([message, ended])) as [unknown];
    return received;
  } finally {
    ending.abort();
    await Promise.allSettled([ended, message]);
  }
}

/** A library in a process of its own. */
export class Runner {
  readonly name: string;
  readonly cells: readonly CellName[];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, name: string, cells: readonly CellName[]) {
    this.#process = process;
    this.name = name;
    this.cells = cells;
  }

  /**
   * @param script what {@link compileContestants} made
   * @param id as contestant-process.ts knows it
   * @param endpoint of the server; without one its requests are answered without HTTP
   */
  static async start(script: string, id: string, endpoint: string | undefined): Promise<Runner> {
    const args = endpoint === undefined ? [id] : [id, endpoint];
    const process = fork(script, args, { execArgv: [] });
    const { name, cells } = (await reply(process, id)) as Pick<Runner, "name" | "cells">;
    return new Runner(process, name, cells);
  }

  async run(task: Task): Promise<Round> {
    this.#process.send(task);
    return (await reply(this.#process, this.name)) as Round;
  }

  stop(): void {
    this.#process.disconnect();
  }
}

/** The HTTP server, in a process of its own: its CPU time is nobody's. */
export class AnswerServer {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<AnswerServer> {
    const script = fileURLToPath(new URL("answer-server.ts", import.meta.url));
    const process = fork(script, [], { execArgv: ["--import", "tsx"] });
    return new AnswerServer(process, (await reply(process, "the server")) as number);
  }

  /** Chooses its responses from now on. */
  async answer(cell: CellName): Promise<void> {
    this.#process.send(cell);
    await reply(this.#process, "the server");
  }

  stop(): void {
    this.#process.disconnect();
  }
}

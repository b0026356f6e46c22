/** Engines that are programs of their own: they are started, watched and never left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { answersHttp, freePort, portError, requireFreePort } from "./ports.js";

/** How to start a program that listens on a port. */
interface EngineProgram {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  arguments(port: number): readonly string[];
  /** What it writes to stderr when it has the port. Without this, a response on the port is enough. */
  readonly announcement?: RegExp;
  /** Milliseconds within which it must respond. */
  readonly startWithinMs: number;
}

/** A running program. */
interface EngineProcess {
  readonly port: number;
  /** Ends it (SIGTERM, a second later SIGKILL) and resolves when it has exited. */
  stop(): Promise<void>;
}

/**
 * The shell between this process and the engine. It ends the engine when this process's end of its
 * stdin closes: on `stop()`, when this process exits, and when this process is killed and can no
 * longer act. The engine gets one second to finish, because an engine that waits for a request to end
 * (dynoxide 1.2.1) would wait forever.
 */
const supervisor = `
exec 3<&0
"$0" "$@" 3<&- </dev/null &
engine=$!
{ read -r _ <&3; kill "$engine"; sleep 1; kill -9 "$engine"; } >/dev/null 2>&1 &
watcher=$!
wait "$engine"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

const attempts = 5;
const pollMs = 5;
/** The supervisor needs little more than its second; the rest is for a machine that stalls. */
const stopWithinMs = 10_000;
const keptOutput = 8_192;
const portTaken = /address already in use|port \d+ is already in use/i;

/**
 * Starts a program on the requested port, or on a free one, and resolves when it responds.
 *
 * @throws ConfigurationError if the port is taken, or if the program ends before it responds (with
 * what it wrote to stderr) or does not respond in time.
 */
export async function startProgram(
  program: EngineProgram,
  port: number | undefined,
): Promise<EngineProcess> {
  if (port !== undefined) {
    await requireFreePort(port);
    const engine = await launch(program, port);
    if (engine === null) throw portError(port);
    return engine;
  }
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const engine = await launch(program, await freePort());
    if (engine !== null) return engine;
  }
  throw new ConfigurationError(
    `startEngine (${program.name}): ${attempts} free ports in a row were taken by other processes`,
  );
}

/** `null` means that the port was taken by another program in the meantime. */
async function launch(program: EngineProgram, port: number): Promise<EngineProcess | null> {
  const child = spawn(
    "/bin/sh",
    ["-c", supervisor, program.command, ...program.arguments(port)],
    // A process group of its own: Ctrl-C in a terminal reaches this process, which then ends the
    // engine.
    { stdio: ["pipe", "ignore", "pipe"], detached: true },
  );
  let output = "";
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  child.stdin.on("error", () => {
    // The pipe of a program that has ended fails. Its exit is handled elsewhere.
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-keptOutput);
  });

  const deadline = performance.now() + program.startWithinMs;
  const announced = (): boolean => program.announcement?.test(output) ?? true;
  do {
    await sleep(pollMs);
    if (failure !== undefined) {
      const message = `startEngine (${program.name}): ${failure.message}`;
      throw new ConfigurationError({ message, cause: failure });
    }
    if (!isRunning(child)) {
      await ended(child.stderr);
      if (portTaken.test(output)) return null;
      throw new ConfigurationError(
        `startEngine (${program.name}): it ended before it was ready (${howItEnded(child)})${said(output)}`,
      );
    }
    if (performance.now() > deadline) {
      await stop(child);
      throw new ConfigurationError(
        `startEngine (${program.name}): no response within ${program.startWithinMs} ms${said(output)}`,
      );
    }
  } while (!(announced() && (await answersHttp(port)) && isRunning(child)));
  setReferenced(child, false);
  return { port, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (isRunning(child)) {
    // The event loop must not be empty while somebody awaits this.
    setReferenced(child, true);
    const exited = once(child, "exit");
    child.stdin?.destroy();
    const timer = setTimeout(() => killGroup(child), stopWithinMs);
    await exited;
    clearTimeout(timer);
  }
  child.stdin?.destroy();
  child.stderr?.destroy();
}

/** The program and its supervisor must not keep a script alive that forgets to close them. */
function setReferenced(child: ChildProcess, referenced: boolean): void {
  for (const handle of [child, child.stdin, child.stderr]) {
    if (handle !== child && !(handle instanceof Socket)) continue;
    if (referenced) handle.ref();
    else handle.unref();
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, "SIGKILL");
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode;
}

function said(output: string): string {
  const text = output.trim();
  return text === "" ? ", and wrote nothing to stderr" : `: ${text}`;
}

/** An exit may be reported before the last of the output. */
async function ended(stream: NodeJS.ReadableStream & { readonly readableEnded: boolean }) {
  if (!stream.readableEnded) await Promise.race([once(stream, "end"), sleep(500)]);
}

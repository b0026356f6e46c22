/** Commands, run in the environment of a stranger. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const root = resolve(import.meta.dirname, "../../..");

/** No variable of the application, and none of this run. */
const own =
  /^(?:AWS_|COAGENT_|DYNAMODB_TABLE_NAME$|USE_LOCAL_AWS$|NODE_ENV$|NODE_OPTIONS$|JEST_|npm_(?!config_)|npm_config_local_prefix$)/;

export const strangersEnv: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))),
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  NEXT_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
};

const exec = promisify(execFile);

export interface Where {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command is ended after this many ms. @default 4 minutes */
  readonly timeout?: number;
}

/** Runs a command to its end and returns what it printed. */
export async function run(file: string, args: readonly string[], where: Where): Promise<string> {
  const { cwd, env = {}, timeout = 240_000 } = where;
  const options = { cwd, env: { ...strangersEnv, ...env }, timeout, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await exec(
    file,
    [...args],
    options as typeof options & { env: NodeJS.ProcessEnv },
  );
  return stdout.trim();
}

export const node = (args: readonly string[], where: Where): Promise<string> =>
  run(process.execPath, args, where);

export const npm = (args: readonly string[], where: Where): Promise<string> =>
  run("npm", args, where);

/** A server as a child process. */
export interface Served {
  /** Everything that it has printed so far. */
  output(): string;
  close(): Promise<void>;
}

/** Starts a server and waits for the line that says it is ready. */
export async function serve(
  args: readonly string[],
  { cwd, env = {} }: Where,
  ready: RegExp,
): Promise<Served> {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...strangersEnv, ...env } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  const started = new Promise<void>((resolve, reject) => {
    const give = (chunk: Buffer) => {
      output += chunk.toString();
      if (ready.test(output)) resolve();
    };
    child.stdout.on("data", give);
    child.stderr.on("data", give);
    const tooLate = setTimeout(() => reject(new Error(`not ready after 60 s:\n${output}`)), 60_000);
    tooLate.unref();
    exited.then(([code]) => reject(new Error(`ended with ${code}:\n${output}`)), reject);
  });
  try {
    await started;
  } catch (error) {
    await close();
    throw error;
  }
  return { output: () => output, close };
}

/** The file of a command that an installed package contains. */
export function bin(folder: string, name: string, command = name): string {
  const home = join(folder, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[command];
  if (file === undefined) throw new Error(`${name} has no command ${command}`);
  return join(home, file);
}

/**
 * The path of a Node of that major version, which is installed from the registry unless it is the
 * current one.
 */
export async function findNode(major: number, cwd: string): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  return run("npx", ["-y", "-p", `node@${major}`, "node", "-p", "process.execPath"], { cwd });
}

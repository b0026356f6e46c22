/** How a command ends early: by a signal, or because nobody reads its output. */

/** Why a command ends early, and its exit code. */
export class Ending extends Error {
  readonly exitCode: number;

  /** Whether it was a signal, and not the output. */
  readonly isSignal: boolean;

  constructor(message: string, exitCode: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Ending";
    this.exitCode = exitCode;
    this.isSignal = cause === undefined;
  }
}

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

export interface EndOfProcess {
  /** Aborted with an Ending. */
  readonly signal: AbortSignal;
  /** Ends the command, because stdout takes no more output. */
  readonly outputFailed: (error: unknown) => void;
  /** Sets the process's exit code, unless the output failed. */
  finish(exitCode: number): void;
  /** Ends the process once its output has been written, whatever keeps it alive. */
  exit(): Promise<never>;
}

/**
 * Listens to signals and to stdout's errors. The first signal aborts; a second one ends the process
 * at once.
 * @param onOutputFailure says why, once; not called for a reader that has seen enough (`| head`)
 */
export function watchProcess(onOutputFailure: (ending: Ending) => void): EndOfProcess {
  const controller = new AbortController();
  let failedWith: number | undefined;
  const onSignal = (name: "SIGINT" | "SIGTERM", message: string): void => {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes[name]);
      controller.abort(new Ending(message, exitCodes[name]));
    });
  };
  onSignal("SIGINT", "interrupted");
  onSignal("SIGTERM", "terminated");

  const outputFailed = (error: unknown): void => {
    if (failedWith !== undefined) return;
    const ending = endingOf(error);
    failedWith = ending.exitCode;
    process.exitCode = ending.exitCode;
    controller.abort(ending);
    if (ending.exitCode !== exitCodes.SIGPIPE) onOutputFailure(ending);
  };
  process.stdout.on("error", outputFailed);
  // Nobody reads stderr: that ends nothing.
  process.stderr.on("error", () => undefined);
  return {
    signal: controller.signal,
    outputFailed,
    finish: (exitCode) => {
      process.exitCode = failedWith ?? exitCode;
    },
    exit: async () => {
      await Promise.all([process.stdout, process.stderr].map(written));
      process.exit();
    },
  };
}

/** Waits until a stream has passed on what was written to it, or has failed. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // A failure is reported by the stream's own event, which comes right after this.
    stream.write("", () => setImmediate(resolve));
  });
}

function endingOf(error: unknown): Ending {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EPIPE") return new Ending("stdout was closed", exitCodes.SIGPIPE, error);
  const reason = code === "ENOSPC" ? "no space left on the device" : message;
  return new Ending(`cannot write to stdout: ${reason}`, 1, error);
}

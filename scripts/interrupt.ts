/** Ctrl-C: asks what is running to end, and ends it when it is asked a second time. */

/** The exit code of a program that was interrupted. */
const interruptedCode = 130;

/** A signal that the first Ctrl-C or SIGTERM aborts; a second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

/** Ends quietly when the reader of a pipe (`| head`) has seen enough. */
export function endWithPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

/** The flow, with a table of its own. */
import { type RecorderOptions, type Run, startRecorder } from "./recorder.js";

/** Has an application run the flow, which finds the table through the environment that it gets. */
export async function runFlow(
  application: (env: Readonly<Record<string, string>>) => Promise<unknown>,
  options?: RecorderOptions,
): Promise<Run> {
  const recorder = await startRecorder(options);
  try {
    await application(recorder.env);
    return recorder.run;
  } finally {
    await recorder.close();
  }
}

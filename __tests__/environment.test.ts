/** What a test file leaves behind in its worker. */
import { AsyncLocalStorage } from "node:async_hooks";
import Environment from "./environment.js";

test("an AsyncLocalStorage ends with the file that used it (the last files took four times as long)", async () => {
  const console = { error: () => undefined, warn: () => undefined };
  const project = { globals: {}, testEnvironmentOptions: {} };
  const environment = new Environment(
    { projectConfig: project, globalConfig: {} } as never,
    { console, docblockPragmas: {}, testPath: "" } as never,
  );
  const storage = new AsyncLocalStorage<string>();
  await storage.run("of this file", async () => {
    expect(storage.getStore()).toBe("of this file");
    await environment.teardown();
    expect(storage.getStore()).toBeUndefined();
  });
});

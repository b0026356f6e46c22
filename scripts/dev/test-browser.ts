/**
 * `npm run test:browser`: builds the example application and drives it in Chromium. Takes Jest's
 * arguments.
 *
 * `--reuse` takes the last build, and `--pictures` writes the README's picture.
 *
 * Exits 1 if a test failed, or if there is no Chromium: `apt-get install chromium`, or name one in
 * `CHROMIUM`. With `--if-chromium` a missing one is not an error: a printed line says so.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { findChromium } from "./browser/chromium.js";
import { root } from "./check-package/commands.js";
import { buildExample, copyExample } from "./example/application.js";
import { installNext } from "./example/install.js";

if (findChromium() === null) {
  const isError = !process.argv.includes("--if-chromium");
  console.log(`${isError ? "failed" : "skipped"}: no Chromium was found, and CHROMIUM names none`);
  process.exit(isError ? 1 : 0);
}

const place = { installed: await installNext(console.log), root };
const folder = copyExample(place, "browser");
if (!process.argv.includes("--reuse")) await buildExample(place, folder);

const own = ["--reuse", "--pictures", "--if-chromium"];
const given = process.argv.slice(2).filter((argument) => !own.includes(argument));
const jest = spawn(
  process.execPath,
  ["node_modules/jest/bin/jest.js", "--config", "__browser__/jest.config.js", ...given],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      ...(process.argv.includes("--pictures") && { COAGENT_PICTURES: "write" }),
      COAGENT_BUILT_EXAMPLE: JSON.stringify({ installed: place.installed, folder }),
    },
  },
);
const [code] = await once(jest, "exit");
process.exitCode = code ?? 1;

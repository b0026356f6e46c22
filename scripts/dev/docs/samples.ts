/** The code samples of the manual: what they are, what each needs, and whether they compile. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CodeBlock, codeBlocks } from "./markdown.js";
import type { Page } from "./pages.js";

/** What an engine may lack. */
const capabilities = ["transactions", "streams"] as const;

/** A block of code that is compiled and run. */
export interface Sample extends CodeBlock {
  readonly page: string;
  /** The capabilities that the engine must have. */
  readonly needs: readonly (typeof capabilities)[number][];
  /** The file name under which a reader saves it. */
  readonly name: string | undefined;
}

/**
 * The samples of a page: its blocks of TypeScript and JavaScript.
 *
 * A comment above a block, `<!-- sample: needs=transactions name=file.mjs -->`, gives its special
 * requirements; `<!-- samples: … -->` holds for the page. A block below `**\`file\`**` is a file of
 * an example and not a sample: the example's own tests run it.
 * @throws Error for an unknown directive
 */
export function samplesOf({ path, text }: Page): Sample[] {
  const ofPage = /^<!-- samples: (.*) -->$/m.exec(text)?.[1] ?? "";
  return codeBlocks(text)
    .filter(({ language, above }) => /^[jt]sx?$/.test(language) && !/^\*\*`[^`]+`\*\*$/.test(above))
    .map((block) => {
      const own = /^<!-- sample: (.*) -->$/.exec(block.above)?.[1] ?? "";
      const given = `${ofPage} ${own}`.split(" ").filter((directive) => directive !== "");
      const unknown = given.find(
        (one) => !/^(?:needs=(?:transactions|streams)|name=[\w.-]+)$/.test(one),
      );
      if (unknown !== undefined) throw new Error(`${path}:${block.line}: ${unknown} is unknown`);
      return {
        ...block,
        page: path,
        needs: capabilities.filter((one) => given.includes(`needs=${one}`)),
        name: given.find((one) => one.startsWith("name="))?.slice("name=".length),
      };
    });
}

/** What every sample may use without declaring it. */
const globals = `
import type { DataLayer } from "bayon-coagent-data";
declare global {
  const data: DataLayer;
  const userId: string;
}
`;

/** Vitest is installed only for its own check; the samples use what Jest has under the same names. */
const vitest = `
declare module "vitest" {
  export const test: typeof globalThis.test;
  export const expect: typeof globalThis.expect;
  export const beforeAll: typeof globalThis.beforeAll;
  export const beforeEach: typeof globalThis.beforeEach;
  export const afterAll: typeof globalThis.afterAll;
}
`;

/**
 * Compiles each sample as a module of its own, all in one program, against the sources.
 * @returns the compiler's findings, at the lines of the pages; empty if everything compiles
 */
export function typeErrors(root: string, samples: readonly Sample[]): string[] {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  // Inside the repository, so that the packages are found.
  const folder = mkdtempSync(join(cache, "samples-"));
  try {
    for (const [index, { code, language }] of samples.entries()) {
      writeFileSync(join(folder, `${index}.${language === "tsx" ? "tsx" : "ts"}`), code);
    }
    writeFileSync(join(folder, "globals.ts"), globals);
    writeFileSync(join(folder, "vitest.d.ts"), vitest);
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: {
        noUnusedLocals: false,
        noUnusedParameters: false,
        paths: {
          "bayon-coagent-data": ["../../src/index.ts"],
          "bayon-coagent-data/client": ["../../src/browser/index.ts"],
          "bayon-coagent-data/infrastructure": ["../../services/infrastructure.ts"],
          "bayon-coagent-data/react": ["../../src/react/index.ts"],
          "bayon-coagent-data/react/legacy": ["../../src/react/legacy/index.ts"],
          "bayon-coagent-data/server": ["../../src/server/index.ts"],
          "bayon-coagent-data/streams": ["../../src/streams/index.ts"],
          "bayon-coagent-data/telemetry": ["../../src/telemetry/index.ts"],
          "bayon-coagent-data/testing": ["../../src/testing/index.ts"],
        },
      },
      include: ["."],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      // Several checkers would each make the same types: a third more of CPU time.
      [tsc, "--singleThreaded", "--pretty", "false", "-p", folder],
      { cwd: folder, encoding: "utf8" },
    );
    const findings = `${stdout}${stderr}`.split("\n").filter((text) => text.trim() !== "");
    if (status !== 0 && findings.length === 0) throw new Error("tsc failed and gave no reason");
    return findings.map((text) =>
      text.replace(/^(\d+)\.tsx?\((\d+),\d+\)/, (_, index, line) => {
        const sample = samples[Number(index)];
        return `${sample?.page}:${(sample?.line ?? 0) + Number(line) - 1}`;
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

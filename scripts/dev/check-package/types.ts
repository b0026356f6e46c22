/** The published types under several compilers and module resolutions. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { node } from "./commands.js";
import { writeJson } from "./packed.js";

export interface TypeCheck {
  readonly name: string;
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export const typeChecks: readonly TypeCheck[] = [
  {
    name: "nodenext, import and require",
    files: ["consumer.mts", "consumer.cts", "react-types.mts", "react-types.cts"],
    options: { module: "nodenext" },
  },
  {
    name: "bundler",
    files: ["consumer.ts", "react-types.ts"],
    options: { module: "esnext", moduleResolution: "bundler" },
  },
];

/** Only TypeScript 5 accepts it without an error. */
export const node10: TypeCheck = {
  name: "node10 (typesVersions)",
  files: ["consumer.ts"],
  options: { module: "commonjs", moduleResolution: "node10", esModuleInterop: true },
};

/** Each consumer, which the type checker sees as an ES module, as CommonJS and as with a bundler. */
export function copyConsumer(project: string): void {
  for (const extension of ["mts", "cts"]) {
    for (const name of ["consumer", "react-types"]) {
      cpSync(join(project, `${name}.ts`), join(project, `${name}.${extension}`));
    }
  }
}

export async function checkTypes(
  project: string,
  tsc: string,
  { name, files, options }: TypeCheck,
): Promise<void> {
  const config = join(project, `tsconfig.${name.replaceAll(/\W+/g, "-")}.json`);
  writeJson(config, {
    compilerOptions: {
      target: "es2022",
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ["node"],
      ...options,
    },
    files,
  });
  await node([tsc, "-p", config], { cwd: project });
}

import { availableParallelism } from "node:os";

// The application's own tests run under CommonJS Jest, so these do too: sources are ESM, @swc/jest
// makes CommonJS of them, and of the packages in node_modules that are ESM only.
const esmOnly = ["jose", "p-retry", "is-network-error"];

// The SDK warns about Node 20 at each client; workers inherit this environment.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const swc = ({ tsx }) => [
  "@swc/jest",
  {
    swcrc: false,
    jsc: {
      parser: { syntax: "typescript", tsx },
      transform: { react: { runtime: "automatic" } },
      target: "es2022",
    },
    module: { type: "commonjs" },
  },
];

/** @type {import("jest").Config} */
export default {
  testEnvironment: "<rootDir>/__tests__/environment.ts",
  globalSetup: "<rootDir>/__tests__/built.ts",
  testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
  transform: {
    "\\.[jt]s$": swc({ tsx: false }),
    "\\.tsx$": swc({ tsx: true }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esmOnly.join("|")})/)`],
  moduleNameMapper: {
    "^(\\.{1,2}/.*)\\.js$": "$1",
    // A command's --config is imported by its address.
    "^file://(.*)$": "$1",
    // The examples import the package as its users do.
    "^bayon-coagent-data$": "<rootDir>/src/index.ts",
    "^bayon-coagent-data/client$": "<rootDir>/src/browser/index.ts",
    "^bayon-coagent-data/react$": "<rootDir>/src/react/index.ts",
    "^bayon-coagent-data/react/legacy$": "<rootDir>/src/react/legacy/index.ts",
    "^bayon-coagent-data/server$": "<rootDir>/src/server/index.ts",
    "^bayon-coagent-data/infrastructure$": "<rootDir>/services/infrastructure.ts",
    "^bayon-coagent-data/keys$": "<rootDir>/src/server-only.ts",
    "^bayon-coagent-data/streams$": "<rootDir>/src/streams/index.ts",
    "^bayon-coagent-data/telemetry$": "<rootDir>/src/telemetry/index.ts",
    "^bayon-coagent-data/testing$": "<rootDir>/src/testing/index.ts",
  },
  modulePathIgnorePatterns: [
    "<rootDir>/dist/",
    "<rootDir>/.cache/",
    "<rootDir>/scripts/dev/dynamodb-local/",
  ],
  // What hangs is told, however slow the machine is and whatever else it does.
  testTimeout: 90_000,
  // A file waits for four tenths of its time: for engines, processes, and what faults delay.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Jest keeps some of what each file has loaded, and the more there is the longer it is searched for garbage.
  workerIdleMemoryLimit: "500MB",
  // No test leaves anything open: a worker that ends needs most of a second to free what its files have loaded.
  workerGracefulExitTimeout: 10_000,
};

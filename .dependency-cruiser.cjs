// Who may import whom. Read from the bottom up:
//
//   the rooms of src/, in the order of `rooms`  <-  services  <-  data-layer  <-  index
//   table  <-  entities  <-  services
//   the registry  <-  transaction, oauth  <-  pages  <-  tenant, in services/
//   the registry  <-  user  <-  tenant
//   everything public  <-  scripts
//
// `npm run test:imports` checks it, and that the files were seen at all.

// Needed for dependency-cruiser 17.3 with @swc/core 1.16: its visitor throws at `await using`.
const { Visitor } = require("@swc/core/Visitor.js");
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== "UsingDeclaration") return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

/**
 * The rooms of src/, from the bottom up: each may import the rooms that stand before it, and none after
 * it. `docs/architecture.md` says what happens in each of them.
 */
const rooms = [
  "runtime",
  "table",
  "errors",
  "call",
  "keys",
  "values",
  "conditions",
  "wire",
  "client",
  "transport",
  "secrets",
  "entity",
  "native",
  "read",
  "write",
  "repository",
  "store",
  "admin",
  "streams",
  "telemetry",
  "browser",
  "react",
  "server",
  "infrastructure",
  "explorer",
];
/**
 * The rooms of services/: what each may import of the others. All of them may import the registry, which
 * is the files beside the folders.
 */
const serviceRooms = {
  transaction: [],
  oauth: [],
  pages: ["transaction", "oauth"],
  user: [],
  tenant: ["transaction", "oauth", "pages", "user"],
};
/** The rooms of scripts/: what each may import of the others. */
const scriptRooms = {
  run: [],
  raw: ["run"],
  move: ["run", "raw"],
  upkeep: ["run", "raw", "move"],
  seed: ["run", "move"],
  validate: ["run", "move"],
  cost: ["raw", "move"],
  explore: ["raw", "move", "upkeep"],
  cli: ["run", "raw", "move", "upkeep", "seed", "validate", "cost", "explore"],
  demo: ["run", "move", "seed", "cli"],
  soak: ["run", "seed", "cli"],
  bench: ["run", "move"],
  dev: ["run", "move", "seed", "cost", "cli"],
};
const room = (...names) => `^src/(?:${names.join("|")})/`;
const top = "^src/[a-z-]+\\.ts$";
const published = "^(?:src|entities|services)/";
const testing = "^src/testing/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "A circle, even one of types alone, means two files are one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment:
        "Every import leads somewhere. The package's own name needs a build, and the benchmark's " +
        "peers an install of their own: the compiler and the benchmark see to these, and the compiler to " +
        "files of JSX.",
      severity: "error",
      from: { pathNot: "^scripts/bench/peers\\.mjs$" },
      to: { couldNotResolve: true, pathNot: "^bayon-coagent-data(/|$)|-call-sites\\.js$" },
    },
    ...rooms.map((name, floor) => ({
      name: `${name}-stands-on-the-rooms-below`,
      comment: `src/${name}/ may import ${rooms.slice(0, floor).join(", ") || "no other room"}.`,
      severity: "error",
      from: { path: room(name) },
      to: { path: published, pathNot: room(...rooms.slice(0, floor + 1)) },
    })),
    {
      name: "every-room-has-a-floor",
      comment:
        "A folder of src/ is in the list of rooms, or it is testing/: only so it is checked.",
      severity: "error",
      from: {},
      to: { path: "^src/[a-z-]+/", pathNot: [room(...rooms), testing] },
    },
    ...Object.entries(serviceRooms).map(([name, below]) => ({
      name: `services-${name}-stands-on-the-rooms-below`,
      comment: `services/${name}/ may import ${["the registry", ...below].join(", ")}.`,
      severity: "error",
      from: { path: `^services/${name}/` },
      to: {
        path: "^services/[a-z-]+/",
        pathNot: `^services/(?:${[name, ...below].join("|")})/`,
      },
    })),
    {
      name: "the-registry-is-below-the-services",
      comment: "Entities, stores and collections know no transaction, page, token or tenant.",
      severity: "error",
      from: { path: "^services/[a-z-]+\\.ts$" },
      to: { path: "^services/[a-z-]+/" },
    },
    {
      name: "every-room-of-services-is-listed",
      comment: "A folder of services/ is in the list of its rooms: only so it is checked.",
      severity: "error",
      from: {},
      to: {
        path: "^services/[a-z-]+/",
        pathNot: `^services/(?:${Object.keys(serviceRooms).join("|")})/`,
      },
    },
    {
      name: "store-is-no-repository",
      comment: "The generic repository and the facade share what lies below them, not each other.",
      severity: "error",
      from: { path: ["^src/(?:store|admin)/", "^services/"] },
      to: { path: room("repository") },
    },
    {
      name: "below-the-data-layer",
      comment: "Only index, the testing entry point and scripts look at the data layer.",
      severity: "error",
      from: { path: published, pathNot: [top, testing] },
      to: { path: top },
    },
    {
      name: "nobody-imports-the-door",
      comment: "src/index.ts is for users, scripts and tests; sources name the file they mean.",
      severity: "error",
      from: { path: published },
      to: { path: "^src/index\\.ts$" },
    },
    {
      name: "entities-import-little",
      comment:
        "An entity imports src/table/, the lazily loaded packages, the types of ElectroDB and zod, and the " +
        "declaration helpers of its own folder.",
      severity: "error",
      from: { path: "^entities/" },
      to: {
        pathNot: [
          room("table"),
          "^src/runtime/lazy\\.ts$",
          "^entities/",
          "(?:^|/)node_modules/(?:electrodb|zod)/",
        ],
      },
    },
    {
      name: "engines-stay-in-testing",
      comment: "Neither src/testing nor an engine reaches a production bundle.",
      severity: "error",
      from: { path: published, pathNot: testing },
      to: { path: [testing, "(?:^|/)node_modules/(?:dynalite|@dynoxide)/"] },
    },
    {
      name: "published-is-closed",
      comment: "What is published imports no script, no test and no development dependency.",
      severity: "error",
      from: { path: published },
      to: { path: "^(?:scripts|__tests__|__browser__)/" },
    },
    {
      name: "no-dev-dependency",
      comment: "An import of a development dependency breaks at the user's.",
      severity: "error",
      // The explorer's page is bundled with all that it imports.
      from: { path: `${published}|^scripts/cli`, pathNot: "^src/explorer/page/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm-peer", "type-only"] },
    },
    ...Object.entries(scriptRooms).map(([name, below]) => ({
      name: `scripts-${name}-stands-on-the-rooms-below`,
      comment: `scripts/${name}/ may import ${below.join(", ") || "no other folder of scripts/"}.`,
      severity: "error",
      from: { path: `^scripts/${name}/` },
      to: { path: "^scripts/", pathNot: `^scripts/(?:${[name, ...below].join("|")})/` },
    })),
    {
      name: "scripts-import-no-test",
      comment: "Tests import scripts, not the other way round.",
      severity: "error",
      from: { path: "^scripts/" },
      to: { path: "^(?:__tests__|__browser__)/" },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: "node_modules" },
    exclude: {
      // Its parser reads no JSX; only tests and examples have some.
      path: "\\.tsx$|^(?:dist|coverage|scripts/dev/dynamodb-local|scripts/dev/check-package/projects)/",
    },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".cjs", ".mjs", ".d.ts", ".json"],
    },
  },
};

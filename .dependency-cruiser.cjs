// Who may import whom. Read from the bottom up:
//
//   table, errors, options, config  <-  keys, retry, client, marshalling  <-  transport, repository
//   table                  <-  entities  <-  services  <-  data-layer  <-  index
//   everything public      <-  scripts
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

/** Regular expression of files directly in src/, by name. */
const src = (...names) => `^src/(?:${names.join("|")})\\.ts$`;

const ground = src("table", "errors", "options", "config", "realms", "advice");
const middle = src(
  "keys",
  "retry",
  "retry-budget",
  "signals",
  "request-handler",
  "answer-watch",
  "awaited-answers",
  "hedged-reads",
  "sent-signals",
  "client",
  "unsent",
  "native-client",
  "wire-format",
  "marshalling",
  "exact-number",
  "document-command",
);
const repository = src("repository", "repository-[a-z-]+");
const top = src("data-layer", "index");
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
        "peers an install of their own: the compiler and the benchmark see to these.",
      severity: "error",
      from: { pathNot: "^scripts/bench/peers\\.mjs$" },
      to: { couldNotResolve: true, pathNot: "^bayon-coagent-data(/|$)" },
    },
    {
      name: "ground-floor",
      comment:
        "table, errors, options, config, realms and advice import none of ours but each other.",
      severity: "error",
      from: { path: ground },
      to: { path: published, pathNot: ground },
    },
    {
      name: "second-floor",
      comment: "keys, retry and client stand on table, errors, options and config.",
      severity: "error",
      from: { path: middle },
      to: { path: published, pathNot: [ground, middle] },
    },
    {
      name: "third-floor",
      comment: "transport knows requests, not entities: it stands on the floors below and on call.",
      severity: "error",
      from: { path: src("transport") },
      to: { path: published, pathNot: [ground, middle, src("call")] },
    },
    {
      name: "repository-is-no-store",
      comment: "The generic repository and the facade share what lies below them, not each other.",
      severity: "error",
      from: { path: repository },
      to: { path: ["^(?:entities|services)/", src("entity-store")] },
    },
    {
      name: "store-is-no-repository",
      comment: "The generic repository and the facade share what lies below them, not each other.",
      severity: "error",
      from: { path: published, pathNot: [repository, top, testing] },
      to: { path: repository },
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
      to: { path: src("index") },
    },
    {
      name: "src-does-not-look-up",
      comment: "Inside src/ only data-layer and index (and testing) look at entities and services.",
      severity: "error",
      from: { path: "^src/", pathNot: [top, testing] },
      to: { path: "^(?:entities|services)/" },
    },
    {
      name: "entities-import-little",
      comment: "An entity imports electrodb, zod, src/table and helpers of its own folder.",
      severity: "error",
      from: { path: "^entities/" },
      to: {
        pathNot: [src("table"), "^entities/", "(?:^|/)node_modules/(?:electrodb|zod)/"],
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
      to: { path: "^(?:scripts|__tests__)/" },
    },
    {
      name: "no-dev-dependency",
      comment: "An import of a development dependency breaks at the user's.",
      severity: "error",
      from: { path: `${published}|^scripts/cli` },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm-peer", "type-only"] },
    },
    {
      name: "scripts-import-no-test",
      comment: "Tests import scripts, not the other way round.",
      severity: "error",
      from: { path: "^scripts/" },
      to: { path: "^__tests__/" },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(?:dist|coverage|scripts/dynamodb-local|scripts/check-package/projects)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".cjs", ".mjs", ".d.ts", ".json"],
    },
  },
};

/** What the check of the dependencies finds: each rule broken once, on lockfiles made up for it. */
import {
  examine,
  type Installed,
  isPermissive,
  type Lock,
  type Locked,
  type Manifest,
} from "../../../scripts/dev/dependencies/examine.js";

const integrity = "sha512-aaaa";
const manifest: Manifest = {
  engines: { node: ">=20.19" },
  dependencies: { direct: "^1.0.0" },
  optionalDependencies: { native: "1.0.0" },
  devDependencies: { tool: "1.0.0", bundled: "1.0.0", engine: "1.0.0" },
  peerDependencies: { engine: "^1.0.0" },
  peerDependenciesMeta: { engine: { optional: true } },
};
const entry: Locked = { version: "1.0.0", integrity, license: "MIT" };
const lock: Lock = {
  "": {},
  "node_modules/direct": { ...entry, dependencies: { below: "^1.0.0" } },
  "node_modules/direct/node_modules/below": { ...entry, version: "1.2.0" },
  "node_modules/below": { ...entry, version: "2.0.0", license: "GPL-3.0" },
  "node_modules/native": entry,
  "node_modules/bundled": entry,
  "node_modules/tool": { ...entry, hasInstallScript: true, license: "GPL-3.0" },
  "node_modules/engine": { ...entry, hasInstallScript: true },
};
const installed = (folder: string): Installed | undefined => {
  const { version = "" } = lock[folder] ?? {};
  return folder.endsWith("native") ? undefined : { version, license: "MIT" };
};

function findings(change: {
  manifest?: Partial<Manifest>;
  lock?: Record<string, Locked>;
  installed?: Record<string, Installed>;
  roots?: string[];
}): string[] {
  const { findings: found } = examine(
    { ...manifest, ...change.manifest },
    { ...lock, ...change.lock },
    change.roots ?? ["direct", "bundled", "engine"],
    (folder) => change.installed?.[folder] ?? installed(folder),
  );
  return found;
}

test("what users get is what is declared for them, what is bundled, and all below", () => {
  const { shipped } = examine(manifest, lock, ["direct", "bundled", "engine"], installed);
  expect(shipped).toEqual([
    { name: "below", version: "1.2.0", licence: "MIT" },
    { name: "bundled", version: "1.0.0", licence: "MIT" },
    { name: "direct", version: "1.0.0", licence: "MIT" },
    { name: "native", version: "1.0.0", licence: "MIT" },
  ]);
});

test("a tool may be pinned under another name", () => {
  const devDependencies = { ...manifest.devDependencies, "tool-5.9": "npm:@some/tool@5.9.3" };
  expect(findings({ manifest: { devDependencies } })).toEqual([]);
});

test("tools and an optional peer may have install scripts and any licence", () => {
  expect(findings({})).toEqual([]);
});

const direct = "node_modules/direct";

test.each<[string, Parameters<typeof findings>[0], RegExp]>([
  ["an entry without a hash", { lock: { [direct]: { version: "1.0.0" } } }, /no sha512/],
  ["a weak hash", { lock: { [direct]: { ...entry, integrity: "sha1-aaaa" } } }, /no sha512/],
  [
    "a tool from elsewhere",
    { lock: { "node_modules/tool": { ...entry, resolved: "https://example.com/tool.tgz" } } },
    /comes from https:\/\/example.com/,
  ],
  ["a tool that is not pinned", { manifest: { devDependencies: { tool: "^1.0.0" } } }, /pins no/],
  [
    "a native package that is not pinned",
    { manifest: { optionalDependencies: { native: ">=1" } } },
    /pins no/,
  ],
  [
    "a tool under another name that is not pinned",
    { manifest: { devDependencies: { tool: "npm:other@^1.0.0" } } },
    /pins no/,
  ],
  [
    "a limit on the SDK (it made a second copy, and kept nothing on an old Node)",
    { manifest: { dependencies: { "@aws-sdk/client-dynamodb": ">=3.1162.0 <3.1200.0" } } },
    /is no caret range/,
  ],
  ["a peer that is not optional", { manifest: { peerDependenciesMeta: {} } }, /not optional/],
  ["a package that is used only", { roots: ["stranger"] }, /stranger: used, but in no list/],
  [
    "a licence that is not permissive",
    { installed: { [direct]: { version: "1.0.0", license: "GPL-3.0" } } },
    /GPL-3.0 is not permissive/,
  ],
  ["no licence", { installed: { [direct]: { version: "1.0.0", license: {} } } }, /not permissive/],
  [
    "an install script that the lockfile knows",
    { lock: { [direct]: { ...entry, hasInstallScript: true } } },
    /runs scripts/,
  ],
  [
    "an install script of the package's own",
    {
      installed: { [direct]: { version: "1.0.0", license: "MIT", scripts: { postinstall: "x" } } },
    },
    /runs scripts at the user's \(postinstall\)/,
  ],
  [
    "one that wants a newer Node",
    { lock: { [direct]: { ...entry, engines: { node: ">=22" } } } },
    /wants Node >=22/,
  ],
  [
    "one that leaves a promised Node out",
    { lock: { [direct]: { ...entry, engines: { node: "^20.19 || ^22" } } } },
    /wants Node/,
  ],
  [
    "another version than was locked",
    { installed: { [direct]: { version: "1.0.1", license: "MIT" } } },
    /1.0.1 is installed, not 1.0.0/,
  ],
])("finds %s", (_, change, wanted) => {
  expect(findings(change)).toContainEqual(expect.stringMatching(wanted));
});

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0)", true],
  ["Apache-2.0 AND MIT", true],
  ["MIT AND GPL-3.0", false],
  ["(GPL-2.0 OR LGPL-3.0)", false],
  ["SEE LICENSE IN LICENSE", false],
  ["none", false],
])("%s is permissive: %p", (licence, expected) => {
  expect(isPermissive(licence)).toBe(expected);
});

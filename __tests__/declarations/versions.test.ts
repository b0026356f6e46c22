/** What is wrong with a declaration's versions is said when a data layer is made. */
import { ConfigurationError, createDataLayer } from "../../src/index.js";
import { contactV1, contactV2, contactV3, toV2, toV3, unversioned } from "../versioned-entities.js";

const made = (contact: object) => () =>
  createDataLayer({ environment: "local", entities: { contact }, builtIn: false } as object);

test.each([
  ["without versions", unversioned],
  ["of version 1", contactV1],
  ["of version 1 with no upgrades", { ...contactV1, upgrade: {} }],
  ["of version 2", contactV2],
  ["of version 3", contactV3],
  ["whose first upgrade is no longer needed", { ...contactV3, upgrade: { 1: null, 2: toV3 } }],
])("a declaration %s is taken", async (_, contact) => {
  await made(contact)().close();
});

test.each<[string, object, string]>([
  ["an upgrade and no version", { upgrade: { 1: toV2 } }, "has an upgrade and no version"],
  ...[0, -1, 1.5, Number.NaN, 101, 2 ** 53, "2", null].map((version): [string, object, string] => [
    `the version ${JSON.stringify(version)}`,
    { version, upgrade: { 1: toV2 } },
    "has a version that is no integer from 1 to 100",
  ]),
  [
    "no upgrades",
    { version: 2 },
    "has no upgrade from version 1: give a function, or null if no item has this version",
  ],
  [
    "a missing step",
    { version: 4, upgrade: { 1: toV2, 3: toV3 } },
    "has no upgrade from version 2: give a function, or null if no item has this version",
  ],
  [
    "a step too many",
    { version: 2, upgrade: { 1: toV2, 2: toV3 } },
    "has an upgrade from 2, and version 2",
  ],
  [
    "a step of no version",
    { version: 2, upgrade: { 1: toV2, one: toV3 } },
    "has an upgrade from one, and version 2",
  ],
  [
    "a step before the first",
    { version: 2, upgrade: { 0: toV2, 1: toV2 } },
    "has an upgrade from 0, and version 2",
  ],
  [
    "a step that is no function",
    { version: 2, upgrade: { 1: {} } },
    "has an upgrade from version 1 that is no function",
  ],
  [
    "a step that is asynchronous",
    { version: 2, upgrade: { 1: async () => ({}) } },
    "has an asynchronous upgrade from version 1: upgrades are made at once",
  ],
  [
    "upgrades in a list",
    { version: 2, upgrade: [toV2] },
    "has an upgrade that is no object of functions: { 1: (old) => ({ … }) }",
  ],
])("%s is refused", (_, versions, message) => {
  const make = made({ ...unversioned, ...versions });
  expect(make).toThrow(`entities.contact ${message}`);
  expect(make).toThrow(ConfigurationError);
});

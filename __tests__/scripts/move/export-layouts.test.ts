import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { dateMsOf } from "../../../scripts/move/firestore/dates.js";
import { ExportError, valuesIn } from "../../../scripts/move/firestore/json-file.js";
import { documentsIn } from "../../../scripts/move/firestore/layout.js";
import { isRejection, type Mapped } from "../../../scripts/move/firestore/map-document.js";
import { openExport } from "../../../scripts/move/firestore/read-export.js";
import { failureOf } from "../../open.js";
import { temporaryFolder } from "../run.js";

const folder = temporaryFolder();

/** A file in a folder of its own. */
function fileOf(content: unknown, name = "backup.json"): string {
  const file = join(folder(), name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

async function read(path: string) {
  const opened = await openExport(path, 1);
  const documents: Mapped[] = [];
  for await (const document of opened.documents()) documents.push(document);
  const say = ({ file, message }: { file: string; message: string }) => `${file}: ${message}`;
  return { documents, findings: opened.findings.map(say), notes: opened.notes.map(say) };
}

const outcome = (mapped: Mapped) =>
  isRejection(mapped)
    ? { path: mapped.path, reasons: mapped.reasons }
    : { path: mapped.path, key: mapped.key, data: mapped.data, createdAt: mapped.createdAt };

const seconds = 1_609_149_600;
const ms = seconds * 1_000;
const iso = "2020-12-28T10:00:00.000Z";

describe("an export by node-firestore-import-export (it was said to hold no collection)", () => {
  const timestamp = { __datatype__: "timestamp", value: { _seconds: seconds, _nanoseconds: 0 } };
  const tree = {
    __collections__: {
      users: {
        u1: {
          email: "u1@example.com",
          createdAt: timestamp,
          home: { __datatype__: "geopoint", value: { _latitude: 12.5, _longitude: -158.2 } },
          team: { __datatype__: "documentReference", value: "teams/t1" },
          visits: [timestamp, { at: timestamp }],
          __collections__: {
            savedContent: {
              c1: { content: "One", createdAt: timestamp, __collections__: {} },
              c2: { content: "Two", __collections__: {} },
            },
            drafts: { d1: { text: "?", __collections__: {} } },
          },
        },
        // Not in Firestore itself: named for what is below it.
        gone: { __collections__: { projects: { p1: { name: "Left", __collections__: {} } } } },
        empty: { __collections__: {} },
      },
      teams: {
        t1: { __collections__: { members: { m1: { __collections__: {} } } } },
        t2: { a: 1 },
      },
      reviews: { r1: { agentId: "a1", rating: "5", __collections__: {} } },
    },
  };

  const expected = [
    {
      path: "users/u1/savedContent/c1",
      key: { userId: "u1", contentId: "c1" },
      data: { content: "One", createdAt: iso },
      createdAt: ms,
    },
    {
      path: "users/u1/savedContent/c2",
      key: { userId: "u1", contentId: "c2" },
      data: { content: "Two" },
      createdAt: 1,
    },
    {
      path: "users/u1",
      key: { userId: "u1" },
      data: {
        email: "u1@example.com",
        createdAt: iso,
        home: { _latitude: 12.5, _longitude: -158.2 },
        team: "teams/t1",
        visits: [iso, { at: iso }],
      },
      createdAt: ms,
    },
    {
      path: "users/gone/projects/p1",
      key: { userId: "gone", projectId: "p1" },
      data: { name: "Left" },
      createdAt: 1,
    },
    { path: "users/empty", key: { userId: "empty" }, data: {}, createdAt: 1 },
    {
      path: "reviews/r1",
      key: { agentId: "a1", reviewId: "r1" },
      data: { agentId: "a1", rating: "5" },
      createdAt: 1,
    },
  ];
  const findings = [
    "backup.json: users/{id}/drafts is not a known collection: its document is not read",
    "backup.json: teams/{id}/members is not a known collection: its document is not read",
    "backup.json: teams is not a known collection: its document is not read",
  ];

  test("is read from the file, with its subcollections and types", async () => {
    const found = await read(fileOf(tree));
    expect(found.documents.map(outcome)).toEqual(expected);
    expect(found.findings).toEqual(findings);
  });

  test("is read from a folder, printed over many lines", async () => {
    const file = fileOf(JSON.stringify(tree, null, 2));
    const found = await read(join(file, ".."));
    expect(found.documents.map(outcome)).toEqual(expected);
  });

  test("may nest a document as deep as it likes", async () => {
    const deep = `${'{"deep":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const file = fileOf(`{"__collections__":{"users":{"u1":${deep}}}}`);
    const { documents } = await read(file);
    expect(documents.map(({ path }) => path)).toEqual(["users/u1"]);
  });

  test("of one collection is refused, with what to do", async () => {
    const { u1 } = tree.__collections__.users;
    const error = await failureOf(openExport(fileOf({ u1 })), ExportError);
    expect(error.message).toMatch(
      /without its name\. Export the whole database.* without --nodePath/,
    );
  });

  test("that is broken off is refused at its end, after what came before", async () => {
    const text = JSON.stringify(tree);
    const file = fileOf(text.slice(0, text.indexOf('"c2"')));
    const documents: Mapped[] = [];
    const reading = (async () => {
      for await (const document of (await openExport(file)).documents()) documents.push(document);
    })();
    await expect(reading).rejects.toThrow(/backup\.json: ends too early, at byte \d+$/);
    expect(documents.map(({ path }) => path)).toEqual(["users/u1/savedContent/c1"]);
  });

  test("that holds nothing is refused", async () => {
    const opened = await openExport(fileOf({ __collections__: {} }));
    await expect(opened.documents().next()).rejects.toThrow(/no documents in it$/);
  });
});

describe("an export by firestore-export-import (it was said to hold no collection)", () => {
  const date = { _seconds: seconds, _nanoseconds: 0 };
  const content = { c1: { content: "One", createdAt: date } };

  test("is read, with its subcollections by their paths", async () => {
    const file = fileOf({
      users: {
        u1: {
          email: "u1@example.com",
          createdAt: date,
          subCollection: {
            "users/u1/savedContent": content,
            "users/u1/notes": { n1: { subCollection: { "users/u1/notes/n1/more": { x: {} } } } },
          },
        },
      },
      teams: { t1: { name: "T" } },
    });
    const { documents, findings } = await read(file);
    expect(documents.map(outcome)).toEqual([
      {
        path: "users/u1/savedContent/c1",
        key: { userId: "u1", contentId: "c1" },
        data: { content: "One", createdAt: iso },
        createdAt: ms,
      },
      {
        path: "users/u1",
        key: { userId: "u1" },
        data: { email: "u1@example.com", createdAt: iso },
        createdAt: ms,
      },
    ]);
    expect(findings).toEqual([
      "backup.json: users/{id}/notes/{id}/more is not a known collection: its document is not read",
      "backup.json: teams is not a known collection: its document is not read",
    ]);
  });

  test("of one collection by its path is read, whatever the file's name", async () => {
    for (const name of ["backup.json", "users.json"]) {
      const { documents } = await read(fileOf({ "users/u1/savedContent": content }, name));
      expect(documents.map(({ path }) => path)).toEqual(["users/u1/savedContent/c1"]);
    }
  });

  test("of documents without ids is rejected, document by document", async () => {
    const documents = (await read(fileOf({ users: [{ email: "a" }, { email: "b" }] }))).documents;
    expect(documents.map(({ path }) => path)).toEqual(["users/?[0]", "users/?[1]"]);
    expect(documents.map((one) => !isRejection(one) && one.key)).toEqual([
      { userId: undefined },
      { userId: undefined },
    ]);
  });
});

describe("several files in one folder", () => {
  test("are read each in its own layout", async () => {
    const path = folder();
    const user = (id: string) => ({ id, data: { email: id }, path: `users/${id}` });
    const files = {
      "users.json": { collectionPath: "users", documents: [user("u1")], count: 1 },
      "a-tree.json": { __collections__: { users: { u2: { email: "u2" } } } },
      "by-path.json": { users: { u3: { email: "u3" } } },
      "_notes.json": { users: { u4: {} } },
      "other.json": { name: "not an export", users: 3 },
    };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(path, name), JSON.stringify(content));
    }
    const { documents, findings } = await read(path);
    expect(documents.map((one) => one.path)).toEqual(["users/u1", "users/u2", "users/u3"]);
    expect(findings).toEqual(["other.json: is not a known collection: its documents are not read"]);
  });

  test("a file of none of the layouts is refused when it is named", async () => {
    const error = await failureOf(openExport("package.json"), ExportError);
    expect(error.message).toBe(
      "package.json: is not a file of a Firestore export in a known layout",
    );
  });
});

test("a document's subcollections are not kept in memory until it ends", async () => {
  const many = 20_000;
  const entry = (n: number) => `"c${n}":{"content":"${"x".repeat(1_000)}","__collections__":{}}`;
  const contents = Array.from({ length: many }, (_, n) => entry(n)).join(",");
  const file = fileOf(
    `{"__collections__":{"users":{"u":{"email":"e","__collections__":{"savedContent":{${contents}}}}}}}`,
  );
  expect(statSync(file).size).toBeGreaterThan(20_000_000);
  let read = 0;
  for await (const { data } of documentsIn(file, "tree")) {
    read += 1;
    if (read === many + 1) expect(data).toEqual({ email: "e" });
  }
  expect(read).toBe(many + 1);
  // The parser gives a document without what was given before: nothing grows with the file.
  const paths = ["$.__collections__.*.*", "$.__collections__.*.*.__collections__.*.*"];
  let last: unknown;
  for await (const { value } of valuesIn(file, paths)) last = value;
  expect(last).toEqual({ email: "e", __collections__: { savedContent: {} } });
});

describe("a managed export (it was said to hold no collection)", () => {
  const metadata = "2025-11-17T08:00:00_1234.overall_export_metadata";
  const made = (files: string[]): string => {
    const path = folder();
    for (const file of files) {
      mkdirSync(join(path, file, ".."), { recursive: true });
      writeFileSync(join(path, file), "not JSON");
    }
    return path;
  };

  test.each([
    ["as gcloud makes it", [metadata, "all_namespaces/all_kinds/output-0"], ""],
    ["in the folder of a download", [`2025/${metadata}`, "2025/all_namespaces/x/output-0"], ""],
    ["as the emulator makes it", ["firebase-export-metadata.json", "firestore_export/x"], ""],
    ["by its file", [metadata], metadata],
  ])("%s is named, with what to do", async (_, files, below) => {
    const path = made(files);
    const error = await failureOf(openExport(join(path, below)), ExportError);
    expect(error.message).toContain("is a managed export of Firestore (");
    expect(error.message).toContain(`firebase emulators:start --only firestore --import ${path}`);
    expect(error.message).toContain("--backupFile backup.json");
  });

  test("is not ruled out by what cannot be looked into: a link to itself fails", async () => {
    const path = made(["users.json"]);
    symlinkSync("loop", join(path, "loop"));
    await expect(openExport(path)).rejects.toMatchObject({ code: "ELOOP" });
  });
});

describe("a date", () => {
  test.each([
    ["Mon, 28 Dec 2020 10:00:00 GMT", ms],
    ["Mon, 28 Dec 2020 10:00 GMT", ms],
    ["28 Dec 2020 10:00:00 +0000", ms],
    ["Mon, 28 Dec 2020 05:00:00 EST", ms],
    ["Mon, 28 Dec 2020 15:30:00 +0530", ms],
    ["mon, 28 dec 2020 10:00:00 gmt", ms],
    ["Mon, 28 Dec 2020 10:00:00", ms],
    ["Mon Dec 28 2020 11:00:00 GMT+0100 (Central European Standard Time)", ms],
    ["Fri, 1 Jan 2021 00:00:00 GMT", Date.UTC(2021, 0, 1)],
    [String(ms), ms],
    [` ${ms} `, ms],
    [iso, ms],
  ])("%j is read", (text, expected) => {
    expect(dateMsOf(text)).toBe(expected);
  });

  test.each([
    "Wed, 31 Feb 2021 10:00:00 GMT",
    "Mon, 28 Dec 2020 25:00:00 GMT",
    "Mon, 28 Dec 2020 10:61:00 GMT",
    "Mon, 28 Foo 2020 10:00:00 GMT",
    "28 Dec 20 10:00:00 GMT",
    "12/28/2020",
    "December 28, 2020 at 10:00:00 AM UTC+1",
    String(seconds),
    "99999999999999",
    "Invalid Date",
  ])("%j is not", (text) => {
    expect(dateMsOf(text)).toBeUndefined();
  });

  test("is no number that may be seconds (one became January 1970, without a word)", () => {
    expect([seconds, 99_999_999_999, 1e8].map(dateMsOf)).toEqual([undefined, undefined, undefined]);
    expect([ms, 1e11, 5].map(dateMsOf)).toEqual([ms, 1e11, 5]);
  });

  test("is what Date's own texts say", () => {
    for (let n = 0; n < 500; n += 1) {
      const date = new Date(Math.floor((n * 9_007_199_254) % 9_999_999_999) * 1_000);
      expect(dateMsOf(date.toUTCString())).toBe(date.getTime());
      expect(dateMsOf(date.toString())).toBe(date.getTime());
    }
  });

  const userWith = (fields: Record<string, unknown>) =>
    fileOf({ users: { u1: { email: "e", ...fields } } });

  test("of an RFC 2822 text, or of milliseconds as text, is the document's CreatedAt (it became the file's)", async () => {
    for (const createdAt of ["Mon, 28 Dec 2020 10:00:00 GMT", String(ms)]) {
      const { documents, notes } = await read(userWith({ createdAt }));
      expect(documents).toMatchObject([{ createdAt: ms, data: { createdAt } }]);
      expect(notes).toEqual([]);
    }
  });

  test("that is not read is reported, by field and path and never by value (it was silent)", async () => {
    const { documents, notes } = await read(
      fileOf({
        users: {
          u1: { createdAt: "28/12/20", updatedAt: "yesterday" },
          u2: { createdAt: { seconds: "1" } },
          u3: { createdAt: null, updatedAt: "" },
          u4: {},
        },
      }),
    );
    expect(documents.map((one) => !isRejection(one) && one.createdAt)).toEqual([1, 1, 1, 1]);
    expect(notes).toEqual([
      "backup.json: createdAt cannot be read as a date, and another date is used instead: 2 documents, such as users/u1",
      "backup.json: updatedAt cannot be read as a date, and another date is used instead: users/u1",
    ]);
  });

  test("of the export that is not read is reported (it was silent)", async () => {
    const path = folder();
    writeFileSync(join(path, "users.json"), JSON.stringify({ users: { u1: { email: "e" } } }));
    writeFileSync(join(path, "_summary.json"), JSON.stringify({ exportDate: "last week" }));
    const opened = await openExport(path);
    expect(opened.findings.map(({ message }) => message)).toEqual([
      "exportDate cannot be read as a date: the files' own dates are used instead",
    ]);
  });
});

// The repository's own export, and a second one where it is there.
const exports = ["scripts/demo/firestore-sample", "../shared/firestore-export"].filter(existsSync);
test.each(exports)(
  "the same documents of %s in any layout become the same items",
  async (second) => {
    const inFolder = await openExport(second, 1);
    const items = new Map<string, Mapped>();
    const tree = { __collections__: {} };
    const byPath: Members = {};
    for (const name of readdirSync(second).filter((one) => !one.startsWith("_"))) {
      const { documents } = JSON.parse(readFileSync(join(second, name), "utf8")) as {
        documents: { path: string; data: Record<string, unknown> }[];
      };
      for (const { path, data } of documents) {
        const [collection = "", id = "", below, belowId = ""] = path.split("/");
        const inTree = member(member(tree.__collections__, collection), id);
        const inPaths = member(member(byPath, collection), id);
        if (below === undefined) {
          Object.assign(inTree, data);
          Object.assign(inPaths, data);
          member(inTree, "__collections__");
          continue;
        }
        const belowTree = member(member(member(inTree, "__collections__"), below), belowId);
        Object.assign(belowTree, data, { __collections__: {} });
        const inside = member(member(inPaths, "subCollection"), `${collection}/${id}/${below}`);
        inside[belowId] = data;
      }
    }
    for await (const mapped of inFolder.documents()) items.set(mapped.path, mapped);
    expect(items.size).toBeGreaterThan(50);
    for (const content of [tree, byPath]) {
      const { documents } = await read(fileOf(content));
      expect(documents.length).toBe(items.size);
      for (const mapped of documents) expect(mapped).toEqual(items.get(mapped.path));
    }
  },
);

type Members = Record<string, unknown>;

/** The object under a name, made if it is missing. */
function member(of: Members, name: string): Members {
  of[name] ??= {};
  return of[name] as Members;
}

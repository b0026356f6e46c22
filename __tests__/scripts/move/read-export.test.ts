import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExportError } from "../../../scripts/move/firestore/json-file.js";
import { isRejection, type Mapped } from "../../../scripts/move/firestore/map-document.js";
import { type FirestoreExport, openExport } from "../../../scripts/move/firestore/read-export.js";
import { sampleExport } from "../../../scripts/seed/sample-export.js";
import { failureOf } from "../../open.js";
import { temporaryFolder, testWhere } from "../run.js";

const sample = "scripts/demo/firestore-sample";
const folder = temporaryFolder();

async function read(from: FirestoreExport): Promise<Mapped[]> {
  const documents: Mapped[] = [];
  for await (const document of from.documents()) documents.push(document);
  return documents;
}

/** A folder with these files; what is no text becomes JSON. */
function exportOf(files: Record<string, unknown>): string {
  const path = folder();
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(path, name), text);
  }
  return path;
}

const users = (...ids: string[]) => ({
  collectionPath: "users",
  documents: ids.map((id) => ({ id, data: { email: `${id}@example.com` }, path: `users/${id}` })),
  count: ids.length,
});

describe("the export in the repository", () => {
  test("is what its script makes", () => {
    const files = sampleExport();
    expect(readdirSync(sample).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, text] of files) expect(readFileSync(join(sample, name), "utf8")).toBe(text);
  });

  test("has every collection, agrees with its summary, and each document says who it is", async () => {
    const opened = await openExport(sample);
    const documents = await read(opened);
    expect(new Set(documents.map(({ facade }) => facade)).size).toBe(12);
    expect(documents.length).toBe(opened.expectedDocuments);
    expect(documents.filter(isRejection)).toEqual([]);
    expect(opened.findings).toEqual([]);
  });

  test("holds no secret that could be one", () => {
    const tokens = readFileSync(join(sample, "googleBusinessProfiles.json"), "utf8");
    for (const [, value] of tokens.matchAll(/"(?:access|refresh)Token": "([^"]+)"/g)) {
      expect(value).toMatch(/^not-a-real-/);
    }
  });
});

describe("a folder that is no export", () => {
  test.each([
    ["that is missing", () => join(folder(), "nowhere"), /nowhere: does not exist$/],
    ["that is a file", () => "package.json", /package\.json: is not a file of a Firestore export/],
    ["that is empty", () => folder(), /holds no collection of a Firestore export/],
  ])("%s is refused", async (_, path, message) => {
    const error = await failureOf(openExport(path()), ExportError);
    expect(error.message).toMatch(message);
  });

  test("whose summary is broken is refused, with the file and the byte", async () => {
    const path = exportOf({ "users.json": users("u1"), "_summary.json": '{ "exportDate": }' });
    const error = await failureOf(openExport(path), ExportError);
    expect(error.message).toMatch(/_summary\.json: invalid JSON at byte 16$/);
  });
});

describe("a file that is broken", () => {
  const text = JSON.stringify(users("Zoë-明", "u2", "u3"));

  test("off in the middle is refused at its end, after what came before", async () => {
    const cut = Buffer.from(text).subarray(0, 150);
    const path = folder();
    writeFileSync(join(path, "users.json"), cut);
    const error = await failureOf(read(await openExport(path)), ExportError);
    expect(error.message).toMatch(/users\.json: ends too early, at byte 150$/);
    expect(error.offset).toBe(150);
  });

  test.each([
    ["by a comma too many", '"email"', ',"email"', 0],
    ["by a name without quotes", '"email"', 'email"', 0],
    ["by a bracket that does not fit", '"u2@example.com"}', '"u2@example.com"]', 16],
    ["by a control character", "u2@", "u2\n@", 2],
  ])("%s is refused at that byte", async (_, before, after, further) => {
    const from = text.indexOf("u2");
    const index = text.indexOf(before, from);
    const broken = text.slice(0, index) + after + text.slice(index + before.length);
    const offset = Buffer.byteLength(text.slice(0, index)) + further;
    const path = exportOf({ "users.json": broken });
    const error = await failureOf(read(await openExport(path)), ExportError);
    expect(error.message).toMatch(new RegExp(`users\\.json: invalid JSON at byte ${offset}$`));
  });

  test("far into it is refused at that byte too", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `user-${index}`);
    const good = JSON.stringify(users(...many));
    const index = good.indexOf("user-2999");
    const path = exportOf({ "users.json": `${good.slice(0, index - 1)}}${good.slice(index - 1)}` });
    expect(index).toBeGreaterThan(2 * 65_536);
    const error = await failureOf(read(await openExport(path)), ExportError);
    expect(error.offset).toBe(index - 1);
  });

  test.each([
    ["that is empty", ""],
    ["that is another JSON", "[1, 2]"],
    ["that has no documents member", '{ "users": [] }'],
  ])("%s is refused", async (_, content) => {
    const opened = await openExport(exportOf({ "users.json": content }));
    await expect(read(opened)).rejects.toThrow(/users\.json: is not a file of a Firestore export/);
  });

  test("that is a folder is refused", async () => {
    const path = exportOf({});
    mkdirSync(join(path, "users.json"));
    await expect(read(await openExport(path))).rejects.toThrow(/users\.json: is a folder/);
  });
});

describe("an export that disagrees with itself", () => {
  async function findingsOf(files: Record<string, unknown>): Promise<string[]> {
    const opened = await openExport(exportOf(files));
    await read(opened);
    return opened.findings.map(({ file, message }) => `${file}: ${message}`);
  }

  test("about the number of documents is told, file by file and in all", async () => {
    const files = {
      "users.json": { ...users("u1", "u2"), count: 3 },
      "_summary.json": { totalDocuments: 9, collections: [{ path: "users", count: 4 }] },
    };
    expect(await findingsOf(files)).toEqual([
      "users.json: says it has 3 documents, but has 2",
      "users.json: has 2 documents, but _summary.json says 4",
      "_summary.json: says 9 documents in all, but there are 2",
    ]);
  });

  test("about a file's collection is told", async () => {
    const files = { "users.json": { ...users("u1"), collectionPath: "members" } };
    expect(await findingsOf(files)).toEqual([
      'users.json: says it is "members", but its name says users',
    ]);
  });

  test("by a collection that nobody knows, or that has no file, is told", async () => {
    const files = {
      "users.json": users("u1"),
      "teams.json": users("t1"),
      "_expected.json": {},
      "notes.txt": "not of the export",
      "_summary.json": { collections: [{ path: "reviews", count: 1 }] },
    };
    expect(await findingsOf(files)).toEqual([
      "teams.json: is not a known collection: its documents are not read",
      "_summary.json: names reviews, which has no file",
    ]);
  });
});

describe("the date of the export", () => {
  const createdAtOf = async (path: string) => (await read(await openExport(path)))[0];

  test("stands in where a document tells none", async () => {
    const exportDate = "2025-11-17T00:00:00.000Z";
    const path = exportOf({ "users.json": users("u1"), "_summary.json": { exportDate } });
    expect(await createdAtOf(path)).toMatchObject({ createdAt: Date.parse(exportDate) });
  });

  test("is that of the file where there is no summary", async () => {
    const path = exportOf({ "users.json": users("u1") });
    utimesSync(join(path, "users.json"), 1_700_000_000, 1_700_000_000);
    expect(await createdAtOf(path)).toMatchObject({ createdAt: 1_700_000_000_000 });
  });
});

const fds = "/proc/self/fd";
testWhere(existsSync(fds), "there is no /proc")(
  "reading ends, and closes the file, when nobody wants more (it passed without closing)",
  async () => {
    const ids = Array.from({ length: 50_000 }, (_, at) => `user-${at}`);
    const path = exportOf({ "users.json": users(...ids) });
    const open = () =>
      readdirSync(fds).filter((fd) => {
        try {
          return readlinkSync(join(fds, fd)).startsWith(path);
        } catch {
          // It was that of the reading of this very list.
          return false;
        }
      });
    for await (const document of (await openExport(path)).documents()) {
      expect(document.facade).toBe("userProfile");
      // It is too long to have been read to its end.
      expect(open()).toHaveLength(1);
      break;
    }
    // A stream is closed some turns of the event loop later.
    while (open().length > 0) await sleep(5);
  },
);

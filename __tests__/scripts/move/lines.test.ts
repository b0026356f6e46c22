/** Reading one file of a table's lines, without a table. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { TableFilesError } from "../../../scripts/move/table-files/manifest.js";
import { linesIn } from "../../../scripts/move/table-files/reader.js";
import { failureOf } from "../../open.js";
import { temporaryFolder } from "../run.js";

const folder = temporaryFolder();

test("a file that ends too early is refused behind its last byte, in the middle of a line", async () => {
  const file = join(folder(), "cut.json.gz");
  // All of the text can be read, and the end of the file is missing.
  const text = '{"a":1}\n{"b":2}\n{"c":';
  writeFileSync(file, gzipSync(text, { finishFlush: constants.Z_SYNC_FLUSH }));
  const read: unknown[] = [];
  const reading = async () => {
    for await (const line of linesIn(file)) read.push(line);
  };
  const error = await failureOf(reading(), TableFilesError);
  expect(error.message).toBe(
    `${file}: is damaged or ends too early, after byte ${text.length} of its lines`,
  );
  expect(read).toEqual([
    { text: '{"a":1}', number: 1, offset: 0 },
    { text: '{"b":2}', number: 2, offset: 8 },
  ]);
});

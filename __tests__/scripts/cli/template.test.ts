/** `bayon-data template`: prints what `tableTemplate` returns, and writes it to a file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tableTemplate } from "../../../services/infrastructure.js";
import { bayonData, temporaryFolder } from "../run.js";

const folder = temporaryFolder();
const tableName = "BayonCoAgent-prod";
const production = ["--environment", "production"];

test.each<[string[], object]>([
  [[], {}],
  [["--format", "sam"], { format: "sam" }],
  [["--format", "cdk", "--stream"], { format: "cdk", stream: true }],
  [["--format", "terraform", "--pitr"], { format: "terraform", pointInTimeRecovery: true }],
  [["--deletion-protection"], { deletionProtection: true }],
  [["--tag", "team=data", "--tag", "url=a=b"], { tags: { team: "data", url: "a=b" } }],
  [
    ["--read-capacity", "5", "--write-capacity", "5-100"],
    { capacity: { read: 5, write: { min: 5, max: 100 } } },
  ],
  [
    ["--read-capacity", "5", "--write-capacity", "5-100", "--target-percent", "50"],
    { capacity: { read: 5, write: { min: 5, max: 100, targetPercent: 50 } } },
  ],
  [["--policies", "scripts,application"], { policies: ["scripts", "application"] }],
  [["--policies", "none"], { policies: [] }],
  [["--scan"], { scan: true }],
  [["--variable", "aws:userid"], { variable: "aws:userid" }],
  [["--owner", "userId=u1"], { owner: { userId: "u1" } }],
])("%j prints it, and asks no table", async (flags, options) => {
  const { code, out, complaints } = await bayonData(["template", ...production, ...flags]);

  expect(`${out.trimEnd()}\n`).toBe(tableTemplate({ tableName, ...options }));
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
});

test("--config adds the indexes of entities of one's own", async () => {
  const config = "__tests__/scripts/own-config.ts";
  const { code, out } = await bayonData(["template", "--table", "Own", "--config", config]);

  expect(code).toBe(0);
  const { entities } = (await import("../own-config.js")) as { readonly entities: object };
  const own = { tableName: "Own", entities: entities as never, builtIn: undefined };
  expect(`${out.trimEnd()}\n`).toBe(tableTemplate(own));
});

test("--out writes a file, and replaces it only with --force", async () => {
  const file = join(folder(), "table.json");
  const args = ["template", ...production, "--out", file];

  expect(await bayonData(args)).toMatchObject({ code: 0, out: expect.stringContaining("written") });
  expect(readFileSync(file, "utf8")).toBe(tableTemplate({ tableName }));
  const again = await bayonData([...args, "--stream"]);
  expect(again.code).toBe(2);
  expect(again.complaints).toContain(`${file} exists already: add --force to replace it`);
  expect(readFileSync(file, "utf8")).toBe(tableTemplate({ tableName }));
  expect(await bayonData([...args, "--stream", "--force"])).toMatchObject({ code: 0 });
  expect(readFileSync(file, "utf8")).toBe(tableTemplate({ tableName, stream: true }));
});

test.each([
  [["--format", "yaml"], "Allowed choices are cloudformation, sam, cdk, terraform"],
  [["--read-capacity", "5"], "give --read-capacity and --write-capacity, or none"],
  [["--write-capacity", "0"], "It must be units, such as 5"],
  [["--write-capacity", "9-5"], "The end of the range must be its start or more"],
  [["--target-percent", "50"], "--target-percent is for capacity that is scaled"],
  [["--target-percent", "10"], "a whole number from 20 to 90"],
  [["--policies", "admin"], "policies must be a list of user, application and scripts"],
  [["--tag", "team"], "It must be a name and a value"],
  [["--tag", "a=1", "--tag", "a=2"], "a is given twice"],
  [["--force"], "--force is for --out"],
  [["--owner", "userId=u1", "--owner-variable", "userId=aws:userid"], "give userId in --owner or"],
  [["--table", "arn:aws:dynamodb:us-east-1:1:table/T"], "tableName must be 3 to 255"],
  [["--config", "nowhere.js"], "nowhere.js cannot be loaded"],
])("%j is wrong usage", async (flags, message) => {
  const { code, out, complaints } = await bayonData(["template", ...production, ...flags]);

  expect(complaints).toContain(message);
  expect({ code, out }).toEqual({ code: 2, out: "" });
});

test("a file that cannot be written is a failure", async () => {
  const args = ["template", ...production, "--out", join(folder(), "no", "such", "folder.json")];
  const { code, complaints } = await bayonData(args);

  expect(code).toBe(1);
  expect(complaints).toContain("ENOENT");
});

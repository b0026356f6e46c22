/** What an editor shows of an application's own entities: names, keys and items, and no declaration. */
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Application, type Compiler, compilers, createApplication } from "./application.js";
import { type Editor, marksIn, openEditor } from "./editor.js";

const text = `
import { createDataLayer } from "bayon-coagent-data";
import * as entities from "./entities/index.js";
const /*layer*/data = createDataLayer({ entities });
export async function hovers() {
  const key = { userId: "u", leadId: "l" };
  const lead = { name: "Ada", status: "new" as const, score: 3 };
  data./*store*/lead;
  const item = await data.lead./*get*/get(key);
  void [/*item*/item, item?./*data*/data];
  const page = await data.lead./*query*/query({ userId: "u" });
  void /*page*/page;
  await data.lead./*queryBy*/queryBy("byStatus", { userId: "u" });
  await data.lead./*create*/create({ userId: "u", data: lead });
  await data.lead./*put*/put({ ...key, data: lead });
  await data.lead./*update*/update(key, { status: "won" });
  await data.lead./*delete*/delete(key);
  const team = data./*scope method*/scope({ teamId: "t" });
  void /*scope*/team;
  const member = await team./*scoped store*/teamMember./*scoped get*/get({ memberId: "m" });
  void /*scoped item*/member;
  const mine = data./*forUser*/forUser("u");
  await mine.lead./*user get*/get({ leadId: "l" });
  const both = await data.collections./*workspace*/workspace({ userId: "u" });
  void /*both*/both;
  await data.transaction.write((/*tx*/tx) => [tx./*tx store*/lead./*tx delete*/delete(key)]);
}
`;

let application: Application;
let editor: Editor;

beforeAll(() => {
  application = createApplication("pnpm");
  const entities = resolve(__dirname, "../../examples/own-entities/entities");
  cpSync(entities, join(application.folder, "entities"), { recursive: true });
  editor = openEditor(application, "own-hovers.ts", text, { "misnamed.ts": wrong });
}, 120_000);

afterAll(() => {
  editor.service.dispose();
  application.remove();
});

test("the text compiles against the published declarations", () => {
  expect(editor.errors()).toEqual([]);
}, 120_000);

test.each(marksIn(text))("%s: at most 12 lines of types, and no declaration", (name) => {
  const { signature } = editor.hoverOver(name);
  expect(signature.split("\n").length).toBeLessThanOrEqual(12);
  expect(signature).not.toMatch(/Zod|composite|casing|NoInfer|Uninferred|\.\.\.;/);
});

test("an item is shown by its members", () => {
  expect(editor.hoverOver("item").signature).toBe(
    `const item: {
    userId: string;
    leadId: string;
    data: LeadData;
    createdAt: number;
    updatedAt: number;
} | null`,
  );
  expect(editor.hoverOver("layer").signature).toBe(
    "const data: OwnStores<typeof entities> & DataLayerWith<typeof entities>",
  );
});

const wrong = `
import { byKey, configure, createDataLayer, data, Entity, fields, keyPart, model, times } from "bayon-coagent-data";
import type { EntityConfig } from "bayon-coagent-data";
import { z } from "zod";
import * as entities from "./entities/index.js";
const layer = createDataLayer({ entities });
export const misnamed = () => [
  layer.lead.queryBy("byState", { userId: "u" }),
  layer.lead.queryBy("byStatus", { userid: "u" }),
  layer.scope({ teamid: "t" }),
];
const payload = z.object({ name: z.string(), status: z.string() });
const ofField = () => ({
  model: model("Note"),
  attributes: { userId: keyPart, noteId: keyPart, data: data(payload), ...fields("staus"), ...times },
  indexes: { byKey: byKey("USER#\${userId}", "NOTE#\${noteId}") },
});
const ofPart = () => ({
  model: model("Note"),
  attributes: { userId: keyPart, noteId: keyPart, data: data(payload), ...times },
  indexes: { byKey: byKey("USER#\${userid}", "NOTE#\${noteId}") },
});
const entity = (config: EntityConfig) => new Entity(ofField(), configure(config));
createDataLayer({ entities: { note: { payload, schema: ofField, entity } } });
createDataLayer({ entities: { note: { payload, schema: ofPart, entity } } });
`;

// What does not compile has no declarations to emit.
const flags = { noEmit: true, declaration: false, emitDeclarationOnly: false };

/** What a compiler says of the wrong names; 5.9 is the editor's own, which has read the declarations. */
const saidOf: Readonly<Record<Compiler, () => string>> = {
  "5.9": () => editor.errors("misnamed.ts").join("\n"),
  "6": () => application.compile({ "misnamed.ts": wrong }, { compiler: "6", flags }),
  "7": () => application.compile({ "misnamed.ts": wrong }, { compiler: "7", flags }),
};

test.each(Object.keys(compilers) as Compiler[])(
  "TypeScript %s says which names are right where one is wrong",
  (compiler) => {
    const said = saidOf[compiler]();
    for (const text of [
      `'"byState"' is not assignable to parameter of type '"byStatus"'`,
      "'userid' does not exist in type",
      "Did you mean to write 'userId'?",
      "'teamid' does not exist in type",
      "Did you mean to write 'teamId'?",
      `Misnamed<"fields: staus is no field of the payload", "name" | "status">`,
      'Misnamed<"${userid} is in a template and no attribute", ',
    ]) {
      expect(said).toContain(text);
    }
  },
  240_000,
);

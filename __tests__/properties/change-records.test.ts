/** Events that are made of changes have the records that the engine writes, and give the changes back. */
import fc from "fast-check";
import { nativeCopyOf } from "../../src/client/wire-format.js";
import { changeOf } from "../../src/streams/index.js";
import { changeRecords, type LambdaImage, type LambdaRecord } from "../../src/testing/index.js";
import { describeEach, settings } from "../engines.js";
import { openTable } from "../open.js";
import { generatedEntities, type Subject, storeOf, subjects } from "../subjects.js";
import { looseFields, tries } from "./arbitraries.js";

const fields = looseFields([
  ...["id", "name", "createdAt", "updatedAt", "agentId", "text", "token", "until"],
  ...["status", "city", "count", "first", "last", "tags"],
]);

/** What a writer leaves in an item besides, and no reader needs. */
const marks = ["WriteMark", "TransactionMark"];

describeEach(settings, ({ engine }) => engine !== "dynalite")("on $name", (setting) => {
  const options = { stream: true, entities: generatedEntities };
  const table = openTable(setting, options);
  let users = 0;

  /** An image's values, without marks, and without ciphertexts, which hold random numbers. */
  const comparable = (image: LambdaImage | undefined): unknown => {
    const entries = Object.entries(image ?? {}).filter(([name]) => !marks.includes(name));
    const text = JSON.stringify(Object.fromEntries(entries));
    const plain = text.replaceAll(/"eyJ0eXAiOiJiYXlvbi1maWVsZ[^"]+"/g, '"a ciphertext"');
    return image && nativeCopyOf(JSON.parse(plain));
  };
  const imagesOf = ({ dynamodb }: LambdaRecord) => ({
    before: comparable(dynamodb.OldImage),
    after: comparable(dynamodb.NewImage),
    keys: dynamodb.Keys,
  });

  test.each(subjects.map((subject) => [subject.title, subject] as const))(
    "of %s",
    async (_, subject: Subject) => {
      const { data } = table;
      const store = storeOf(data, subject);
      await fc.assert(
        fc.asyncProperty(fields, fields, async (first, second) => {
          users += 1;
          const input = (more: object) => subject.input(`u${users}`, "i1", { ...more });
          const key = subject.key(input({}));
          // A random field may be one that the schema has, by chance.
          fc.pre([first, second].every((more) => store.check(input(more)).length === 0));
          await store.create(input(first));
          await store.put(input(second));
          await store.delete(key);
          const changes = await data.changes();
          expect(changes.map((change) => change.kind)).toEqual(["created", "updated", "deleted"]);
          const { Records: real } = await changeRecords(data, changes);
          // A copy of a change is not known: its record is made of its values.
          const copies = changes.map((change) => ({ ...change }));
          const { Records: made } = await changeRecords(data, copies as typeof changes);
          expect(made.map(imagesOf)).toEqual(real.map(imagesOf));
          const again = await Promise.all(made.map((record) => changeOf(data, record)));
          expect(again).toEqual(changes);
          const [creation] = changes;
          const expired = { ...creation, kind: "expired", before: creation?.after, after: null };
          const event = await changeRecords(data, expired as never);
          expect(await changeOf(data, event.Records[0] ?? {})).toEqual(expired);
        }),
        tries(4),
      );
    },
  );
});

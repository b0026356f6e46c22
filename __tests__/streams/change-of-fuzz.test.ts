/** Whatever a table can hold, under whatever keys and names, is a change, null or unreadable: never an error. */
import fc from "fast-check";
import { isDynamoDBError } from "../../src/errors/dynamodb-error.js";
import { createDataLayer } from "../../src/index.js";
import { changeOf, type StreamRecord } from "../../src/streams/index.js";
import { longEnough, tries } from "../properties/arbitraries.js";
import { contactV3 } from "../versioned-entities.js";

const data = createDataLayer({
  ...{ environment: "local", entities: { contact: contactV3 } },
  encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
});
afterAll(() => data.close());

const numberText = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("-0", "1E+125", "1.5", "99999999999999999999999999999999999999", "1E-130"),
);
const bytes = fc.uint8Array({ maxLength: 9 });

const name = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom("__proto__", "constructor", "toJSON", "then", "accessToken", "token", "names"),
);

/** A value of each type that DynamoDB has. */
const { value } = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string().map((S) => ({ S })),
    numberText.map((N) => ({ N })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    bytes.map((B) => ({ B })),
    bytes.map((one) => ({ B: Buffer.from(one).toString("base64") })),
    fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
    fc.uniqueArray(numberText, { minLength: 1, maxLength: 3 }).map((NS) => ({ NS })),
    fc.array(bytes, { minLength: 1, maxLength: 2 }).map((BS) => ({ BS })),
    fc.array(tie("value"), { maxLength: 4 }).map((L) => ({ L })),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }).map((M) => ({ M })),
  ),
}));

const entityType = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom("SavedContent", "OAuthToken", "Contact", "Contact", "Review")
      .map((S) => ({ S })),
  },
  { weight: 1, arbitrary: value },
);
/** An item with any values under the names that the package gives a meaning to, and others. */
const item = fc
  .record(
    {
      EntityType: entityType,
      ...{
        Data: fc.oneof(value, fc.constant({ M: {} })),
        DataVersion: value,
        CreatedAt: value,
        UpdatedAt: value,
        TTL: value,
      },
      ...{ GSI1PK: value, GSI1SK: value, userId: value },
    },
    { requiredKeys: [] },
  )
  .chain((known) =>
    fc.dictionary(name, value, { maxKeys: 2 }).map((more) => ({ ...more, ...known })),
  );

const keys = fc.oneof(
  fc.constantFrom(
    ...[
      ["USER#u1", "CONTENT#c1"],
      ["OAUTH#u1", "google"],
      ["TEAM#t1", "CONTACT#c1"],
      ["TEAM#t2", "CONTACT#c2"],
      ["REVIEW#a1", "REVIEW#r1"],
    ].map(([PK, SK]) => ({ PK: { S: PK }, SK: { S: SK } })),
  ),
  fc.record({ PK: value, SK: value }, { requiredKeys: ["PK"] }),
);

const record: fc.Arbitrary<StreamRecord> = fc.record({
  eventID: fc.option(fc.string(), { nil: undefined }),
  eventName: fc.constantFrom("INSERT", "MODIFY", "REMOVE"),
  userIdentity: fc.option(
    fc.record({ type: fc.constant("Service"), principalId: fc.constant("dynamodb.amazonaws.com") }),
  ),
  dynamodb: fc.record({
    ...{ Keys: keys, NewImage: item, OldImage: item },
    SequenceNumber: fc.string(),
    ApproximateCreationDateTime: fc.option(
      fc.oneof(fc.integer(), fc.date({ noInvalidDate: true })),
      { nil: undefined },
    ),
  }),
}) as never;

/** The same of an entity with versions and a secret: most records are of no entity's item. */
const ofContact: fc.Arbitrary<StreamRecord> = record.chain((one) =>
  fc.constantFrom(1, 2, 3).map((version) => {
    const own = { EntityType: { S: "Contact" }, DataVersion: { N: `${version}` } };
    const image = (given: object | undefined) => ({ ...given, ...own });
    const Keys = { PK: { S: "TEAM#t1" }, SK: { S: "CONTACT#c1" } };
    const { NewImage, OldImage, ...rest } = one.dynamodb ?? {};
    const images = { NewImage: image(NewImage), OldImage: image(OldImage) };
    return { ...one, dynamodb: { ...rest, Keys, ...images } };
  }),
);

const kinds = ["created", "updated", "deleted", "expired", "unreadable"];

test(
  "any record of a table is read, and reading it changes nothing of it",
  async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(record, ofContact), async (one) => {
        const before = structuredClone(one);
        const change = await changeOf(data, one);
        expect(one).toEqual(before);
        seen.add(change?.kind ?? "null");
        if (change === null) return;
        expect(kinds).toContain(change.kind);
        expect(typeof change.at).toBe("number");
        expect(Object.keys(change.key).length).toBeGreaterThan(0);
        if (change.kind === "unreadable") expect(isDynamoDBError(change.error)).toBe(true);
      }),
      tries(1_000),
    );
    // The generator reaches every outcome.
    expect([...seen].toSorted()).toEqual(["null", ...kinds].toSorted());
  },
  longEnough,
);

/** The declaration of a field that holds an expiry: what is refused when a data layer is made, and before. */
import { z } from "zod";
import {
  byKey,
  configure,
  createDataLayer,
  data as dataOf,
  Entity,
  type EntityConfig,
  expires,
  keyPart,
  model,
  secret,
  times,
} from "../../src/index.js";

/** Of Valibot, what is called here. */
const v = jest.requireActual<Readonly<Record<string, (...given: unknown[]) => unknown>>>("valibot");

const place = { environment: "local" } as const;

/** A declaration whose payload has some fields, and of which one is to hold the expiry. */
function declared<const F extends string, S extends z.ZodRawShape>(field: F, fields: S) {
  const payload = z.looseObject(fields);
  const schema = () => ({
    model: model("Memo"),
    attributes: {
      userId: keyPart,
      memoId: keyPart,
      data: dataOf(payload),
      ...expires(field),
      ...times,
    },
    indexes: { byKey: byKey("USER#${userId}", "MEMO#${memoId}") },
  });
  return {
    payload,
    schema,
    entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
  };
}

/** Makes a data layer of a declaration, as a caller without types does. */
const made = (memo: object) => () => createDataLayer({ ...place, entities: { memo } } as object);

describe("a declaration with expires", () => {
  test("is an attribute of ElectroDB's, stored as TTL", () => {
    expect(expires("until")).toEqual({ ttl: { type: "number", field: "TTL", expires: "until" } });
  });

  test.each([
    ["a number", z.number()],
    ["a number that may be missing", z.number().optional()],
    ["a number that may be null", z.number().nullable().optional()],
    ["an integer", z.int()],
    ["a number with bounds that lie elsewhere", z.number().max(5)],
    ["a number with a rule of its own", z.number().refine((value) => value % 7 === 0)],
    ["a branded number", z.number().brand("ms")],
  ])("may name %s", async (_, until) => {
    await using data = createDataLayer({
      ...place,
      entities: { memo: declared("until", { until }) },
    });
    expect(data.memo).toBeDefined();
  });

  test("is checked for a payload that a function builds", () => {
    const { entity } = declared("until", { until: z.number() });
    const payload = () => z.looseObject({ text: z.string() });
    const schema = () => ({
      model: model("Memo"),
      attributes: {
        userId: keyPart,
        memoId: keyPart,
        data: dataOf(payload),
        ...expires("until"),
        ...times,
      },
      indexes: { byKey: byKey("USER#${userId}", "MEMO#${memoId}") },
    });
    expect(made({ payload, schema, entity })).toThrow(
      'entities.memo has expires("until"), which names no field of the payload',
    );
  });

  const noNumber = 'has expires("until"), which names a field of the payload that is no number';
  test.each([
    [
      "a field that is not there",
      declared("until", { text: z.string() }),
      'has expires("until"), which names no field of the payload',
    ],
    [
      "a name that every object has",
      declared("valueOf", { text: z.string() }),
      'has expires("valueOf"), which names no field of the payload',
    ],
    [
      "a name that is no text",
      declared(5 as never, { text: z.string() }),
      "has expires(5), which names no field",
    ],
    ["a text", declared("until", { until: z.string() }), noNumber],
    ["a date", declared("until", { until: z.date() }), noNumber],
    ["anything", declared("until", { until: z.any() }), noNumber],
    [
      "a text or a number",
      declared("until", { until: z.union([z.string(), z.number()]) }),
      noNumber,
    ],
    ["what is made a number", declared("until", { until: z.coerce.number() }), noNumber],
    ["a bigint", declared("until", { until: z.bigint() }), noNumber],
    ["a list of numbers", declared("until", { until: z.array(z.number()) }), noNumber],
    [
      "a secret",
      declared("until", { until: secret(z.number()) }),
      'has expires("until"), which names a field of the payload that is secret',
    ],
  ])("that names %s is refused when the data layer is made", (_, memo, message) => {
    expect(made(memo)).toThrow(`entities.memo ${message}`);
    expect(made(memo)).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
  });

  test.each([
    ["a number", "number", undefined],
    ["a text", "string", noNumber],
    ["a bigint", "bigint", noNumber],
    ["a date", "date", noNumber],
    ["anything", "any", noNumber],
  ])("of a schema of another library that names %s", async (_, type, message) => {
    const payload = v.looseObject?.({ until: v.optional?.(v[type]?.()) });
    const schema = () => ({
      ...declared("until", { until: z.number() }).schema(),
      attributes: {
        userId: keyPart,
        memoId: keyPart,
        data: dataOf(payload as never),
        ...expires("until"),
        ...times,
      },
    });
    const entity = (config: EntityConfig) => new Entity(schema() as never, configure(config));
    const layer = made({ payload, schema, entity });
    if (message === undefined) await (layer() as ReturnType<typeof createDataLayer>).close();
    else expect(layer).toThrow(`entities.memo ${message}`);
  });

  test.each([
    ["under another name", { end: { type: "number", field: "TTL", expires: "until" } }, "end"],
    ["in another attribute", { ttl: { type: "number", field: "Until", expires: "until" } }, "ttl"],
    ["of another type", { ttl: { type: "string", field: "TTL", expires: "until" } }, "ttl"],
    [
      "with an option that stores do not carry out",
      { ttl: { ...expires("until").ttl, set: () => 5 } },
      "ttl",
    ],
  ])("that is written by hand, %s, is refused", (_, attributes, name) => {
    const memo = declared("until", { until: z.number() });
    const { ttl: __, ...others } = memo.schema().attributes;
    const schema = () => ({ ...memo.schema(), attributes: { ...others, ...attributes } });
    expect(made({ ...memo, schema })).toThrow(
      `entities.memo has an attribute ${name} that expires, and is not made by ...expires("field")`,
    );
  });

  test("the compiler finds a wrong name and a field that is no number", () => {
    const isNumber = { memo: declared("until", { until: z.number() }) };
    const isOptional = { memo: declared("until", { until: z.number().nullish() }) };
    const isMissing = { memo: declared("untl", { until: z.number() }) };
    const isText = { memo: declared("until", { until: z.string() }) };
    const isEither = { memo: declared("until", { until: z.union([z.number(), z.string()]) }) };
    const layers = [
      () => createDataLayer({ ...place, entities: isNumber }),
      () => createDataLayer({ ...place, entities: isOptional }),
      // @ts-expect-error names no field of the payload
      () => createDataLayer({ ...place, entities: isMissing }),
      // @ts-expect-error names a field of the payload that is no number
      () => createDataLayer({ ...place, entities: isText }),
      // @ts-expect-error names a field of the payload that is no number
      () => createDataLayer({ ...place, entities: isEither }),
    ];
    const outcomes = layers.map((layer) => {
      try {
        layer();
        return "made";
      } catch {
        return "refused";
      }
    });
    expect(outcomes).toEqual(["made", "made", "refused", "refused", "refused"]);
  });
});

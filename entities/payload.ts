/** Pieces of payload schemas that several entities share. */
import type { z as Zod } from "zod";
import { z } from "../src/runtime/lazy.js";
import { withSecrets } from "../src/table/declared.js";
import type { SecretMark } from "./secret-names.js";

/**
 * A schema that is built once, when it is first needed: building all twelve takes 7 ms of a cold
 * start.
 */
export function lazily<S extends Zod.ZodType>(build: () => S): () => S {
  let schema: S | undefined;
  return () => {
    schema ??= build();
    return schema;
  };
}

/**
 * A loose object: these fields are checked, others are kept as they are.
 * @param secrets the fields that are marked as secret. Their names are known before the schema is built, so
 * that a read, which checks no payload, does not build it.
 */
export function payloadOf<F extends Zod.ZodRawShape, const Secret extends keyof F & string = never>(
  fields: () => F,
  secrets: readonly Secret[] = [],
) {
  const build = lazily(() => {
    const shape = fields();
    const marked = secrets.map((name) => [name, secret(shape[name] as unknown as Zod.ZodType)]);
    return z.looseObject<F>({ ...shape, ...Object.fromEntries(marked) });
  });
  return withSecrets(build, secrets);
}

/**
 * A point in time as real documents hold it: ISO text, epoch milliseconds, one of Firestore's
 * three timestamp encodings, or null.
 */
export const timestamp = lazily(() =>
  z.union(
    [
      z.string(),
      z.number(),
      z.looseObject({ _seconds: z.number(), _nanoseconds: z.number() }),
      z.looseObject({ seconds: z.number(), nanoseconds: z.number() }),
      z.null(),
    ],
    "must be an ISO date, epoch milliseconds, a Firestore timestamp or null",
  ),
);

/** The times that documents contain, besides those of the item. */
export function documentTimes() {
  return { createdAt: timestamp().optional(), updatedAt: timestamp().optional() };
}

/** Text that may be absent, null or empty. */
export const optionalText = lazily(() => z.string().nullish());

/**
 * Marks a field whose value must not be in any log, error or report. The type has the mark too, so that a
 * browser's types lack the field.
 */
export function secret<S extends Zod.ZodType>(schema: S): S & SecretMark {
  if (typeof schema?.meta !== "function") {
    throw new TypeError(
      "secret takes a schema of zod 4: for another library, name the field in the secrets of its declaration",
    );
  }
  // Types read the mark from the type, and the layer from the schema.
  return schema.meta({ secret: true }) as S & SecretMark;
}

/** A list of strings; null if a form left it so. */
export const textList = lazily(() => z.array(z.string()));

/** The fields that accounts and agents' profiles have in common. */
export function profileFields() {
  return {
    name: optionalText(),
    bio: optionalText(),
    photoURL: optionalText(),
    licenses: textList().nullish(),
    certifications: z.union([textList(), z.string()]).nullish(),
    yearsOfExperience: z.union([z.number(), z.string()]).nullish(),
    transactionHistory: z.union([z.number(), z.string()]).nullish(),
    zillowEmail: optionalText(),
    licenseNumber: optionalText(),
    phone: optionalText(),
    address: optionalText(),
    agencyName: optionalText(),
    website: optionalText(),
    linkedin: optionalText(),
    twitter: optionalText(),
    facebook: optionalText(),
    domainAuthority: z.number().nullish(),
    teamId: optionalText(),
  };
}

export { z };

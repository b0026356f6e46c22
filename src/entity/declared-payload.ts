/** The payload of a declaration: its schema as payloads are checked by it, and its secret fields. */
import type { SecretsOf } from "../call/scope-secrets.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { type DeclaredSchema, notedSecrets, type StandardSchema } from "../table/declared.js";
import { type PayloadRules, type PayloadSchema, secretFields } from "../values/payload.js";
import { hasNamelessSecret } from "../values/secret-marks.js";
import { StandardPayload } from "../values/standard-payload.js";
import { isStandardSchema } from "../values/standard-schema.js";

/** A payload's schema as it is declared. */
export type GivenPayload = PayloadSchema | StandardSchema;

/** What a declaration says of its payload. */
export interface DeclaredPayload {
  /** The payload's schema, or a function that builds it when it is first asked for. */
  readonly payload: GivenPayload | (() => GivenPayload);
  /** The secret fields of a payload whose schema is not of zod 4, which marks them itself. */
  readonly secrets?: readonly string[] | undefined;
  /** Makes the schema of ElectroDB's entity. */
  schema(): DeclaredSchema;
}

/** What a payload's schema must be. */
const objectRule =
  "is no schema of an object: z.object, another Standard Schema, or a function that makes one";

const zodRule =
  "is of zod 4, which marks secret fields itself, in secret(…), so that it has no secrets";

const namelessRule =
  "has a secret catchall: name the fields that are secret, because only named fields are encrypted";

/** Whether a payload is declared as a function that is to make its schema. Some schemas are functions. */
function isBuilder(payload: DeclaredPayload["payload"]): payload is () => GivenPayload {
  return typeof payload === "function" && !isStandardSchema(payload);
}

/** Whether it is an object's schema of zod 4, in any copy of it. */
function isZodObject(payload: unknown): payload is PayloadSchema {
  const { shape, safeParse, _zod } = (payload ?? {}) as Partial<PayloadSchema>;
  const isObject = typeof shape === "object" && shape !== null;
  // A schema of zod/mini has the same inside, and not the same methods.
  return isObject && typeof safeParse === "function" && _zod?.traits.has("ZodObject") === true;
}

/** Why a declared payload cannot be one; `undefined` also for one that is to be made by a function. */
export function payloadProblem({
  payload,
  secrets,
}: Pick<DeclaredPayload, "payload" | "secrets">): string | undefined {
  return isBuilder(payload) ? undefined : readPayload(payload, secrets).problem;
}

/** A schema as payloads are checked by it, or why they cannot be. */
function readPayload(
  schema: unknown,
  secrets: readonly string[] | undefined,
): { readonly rules: PayloadRules; readonly problem?: string | undefined } {
  const nameless = hasNamelessSecret(schema) ? namelessRule : undefined;
  if (isZodObject(schema)) {
    return { rules: schema, problem: secrets === undefined ? nameless : zodRule };
  }
  if (!isStandardSchema(schema)) return { rules: schema as PayloadRules, problem: objectRule };
  const rules = new StandardPayload(schema, secrets);
  return { rules, problem: rules.isOfObjects ? (nameless ?? rules.problem) : objectRule };
}

/** What was made of each declaration's schema, once. */
const rulesOf = new WeakMap<DeclaredPayload, PayloadRules>();

/**
 * What the payload of a declaration is checked by.
 * @throws ConfigurationError for a schema that does not describe an object, or that payloads cannot have
 */
export function payloadOf(declaration: DeclaredPayload): PayloadRules {
  const known = rulesOf.get(declaration);
  if (known !== undefined) return known;
  const { payload, secrets } = declaration;
  const { rules, problem } = readPayload(isBuilder(payload) ? payload() : payload, secrets);
  if (problem !== undefined) {
    throw new ConfigurationError(`the payload of ${declaration.schema().model.entity} ${problem}`);
  }
  rulesOf.set(declaration, rules);
  return rules;
}

/**
 * The secret fields of a declaration's payload. If they were noted, the schema is not built for it.
 * @throws ConfigurationError as {@link payloadOf}
 */
export function secretsOf(declaration: DeclaredPayload): readonly string[] {
  return notedSecrets(declaration.payload) ?? secretFields(payloadOf(declaration));
}

/** The secret fields of each of these entities, by the name of its store. */
export function secretsIn(definitions: Readonly<Record<string, DeclaredPayload>>): SecretsOf {
  return (store) => {
    const definition = Object.hasOwn(definitions, store) ? definitions[store] : undefined;
    return definition && secretsOf(definition);
  };
}

/** Whether a payload has a field; of a schema that does not tell its fields, it may have any. */
export function mayHaveField(schema: PayloadRules, name: string): boolean {
  return schema instanceof StandardPayload
    ? schema.mayHave(name)
    : Object.hasOwn(schema.shape, name);
}

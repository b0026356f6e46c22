/** What a template of the table takes, checked. */
import type { IamAccess, IamPolicyOptions } from "../admin/iam-policy.js";
import { optionNames, refuseUnknownSettings, settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isPlainMap } from "../values/payload.js";

/** The tool that a template is for. */
export type TemplateFormat = (typeof templateFormats)[number];

export const templateFormats = ["cloudformation", "sam", "cdk", "terraform"] as const;

/** Capacity units between two bounds, which Application Auto Scaling adjusts. */
export interface ScaledCapacity {
  /** Units that are always there, from 1. */
  readonly min: number;
  /** Units that are there at most; `min` or more. */
  readonly max: number;
  /** The part of the units that is to be in use, in percent, from 20 to 90. @default 70 */
  readonly targetPercent?: number | undefined;
}

/** Provisioned capacity, of the table and of each index: fixed units, or units between two bounds. */
export interface TableCapacity {
  readonly read: number | ScaledCapacity;
  readonly write: number | ScaledCapacity;
}

export interface TableTemplateOptions {
  /**
   * CloudFormation and SAM as JSON, a CDK construct in TypeScript, or Terraform's HCL.
   * @default "cloudformation"
   */
  readonly format?: TemplateFormat | undefined;
  /** The table's name, which is the default of a parameter of the template. */
  readonly tableName: string;
  /**
   * Whether the table has a stream of its changes, with each item before and after. @default false
   */
  readonly stream?: boolean | undefined;
  /** Whether the table can be restored to any second of the last 35 days. @default false */
  readonly pointInTimeRecovery?: boolean | undefined;
  /** Whether DynamoDB refuses to delete the table. @default false */
  readonly deletionProtection?: boolean | undefined;
  /** Tags of the table: at most 50. @default none */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Provisioned capacity. @default on demand */
  readonly capacity?: TableCapacity | undefined;
  /**
   * The IAM policies that the template has: of a user, of the application, and of the commands of
   * `bayon-data`. @default all three; without that of a user if no entity is a user's
   */
  readonly policies?: readonly IamAccess[] | undefined;
  /** As `iamPolicy` takes it, for the policy of a user. */
  readonly variable?: IamPolicyOptions["variable"] | undefined;
  /** As `iamPolicy` takes it, for the policy of an owner in place of a user. */
  readonly owner?: IamPolicyOptions["owner"] | undefined;
  /** As `iamPolicy` takes it, for the policy of the application. @default false */
  readonly scan?: boolean | undefined;
}

/** The entities of a template, as `createDataLayer` takes them. */
interface Entities {
  readonly entities?: unknown;
  readonly builtIn?: unknown;
}

const names = optionNames<TableTemplateOptions & Entities>({
  format: true,
  tableName: true,
  stream: true,
  pointInTimeRecovery: true,
  deletionProtection: true,
  tags: true,
  capacity: true,
  policies: true,
  variable: true,
  owner: true,
  scan: true,
  entities: true,
  builtIn: true,
});

/** What `tableTemplate` was given, with its defaults. */
export interface TemplateSettings {
  readonly format: TemplateFormat;
  readonly tableName: string;
  readonly stream: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly deletionProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly capacity: { readonly read: Units; readonly write: Units } | undefined;
  readonly policies: readonly IamAccess[] | undefined;
  readonly policy: Pick<IamPolicyOptions, "variable" | "owner" | "scan">;
  readonly entities: Entities;
}

/** Provisioned units: the same bounds twice are fixed units. */
export interface Units {
  readonly min: number;
  readonly max: number;
  readonly targetPercent: number;
}

const call = "tableTemplate";

/** @throws ConfigurationError that names the option and its rule */
export function templateSettings(options: TableTemplateOptions & Entities): TemplateSettings {
  const { format, tableName, tags, capacity, policies, variable, owner, entities, builtIn, ...on } =
    settingsOf(call, options, names);
  return {
    format: formatOf(format),
    tableName: tableNameOf(tableName),
    stream: flagOf("stream", on.stream),
    pointInTimeRecovery: flagOf("pointInTimeRecovery", on.pointInTimeRecovery),
    deletionProtection: flagOf("deletionProtection", on.deletionProtection),
    tags: tagsOf(tags),
    capacity: capacityOf(capacity),
    policies: policiesOf(policies),
    policy: { variable, owner, scan: flagOf("scan", on.scan) },
    entities: { entities, builtIn },
  };
}

function wrong(option: string, rule: string): ConfigurationError {
  return new ConfigurationError(`${call}: ${option} must be ${rule}`);
}

function flagOf(name: string, value: unknown = false): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false");
}

function formatOf(value: unknown = "cloudformation"): TemplateFormat {
  const found = templateFormats.find((one) => one === value);
  if (found === undefined) throw wrong("format", "cloudformation, sam, cdk or terraform");
  return found;
}

/** An ARN names a table that exists: no template makes one. */
function tableNameOf(value: unknown): string {
  if (typeof value === "string" && /^[\w.-]{3,255}$/.test(value)) return value;
  throw wrong("tableName", "3 to 255 of letters, digits, _ . -");
}

const mostTags = 50;

/**
 * The characters that the tags of every AWS service may have.
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 */
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function tagsOf(value: unknown = {}): Readonly<Record<string, string>> {
  if (!isPlainMap(value)) throw wrong("tags", "an object of texts");
  const tags = Object.entries(value) as [string, unknown][];
  if (tags.length > mostTags) throw wrong("tags", `at most ${mostTags} tags`);
  for (const [key, text] of tags) {
    const isKey = key.length >= 1 && key.length <= 128 && tagText.test(key);
    if (!isKey || /^aws:/i.test(key)) {
      throw wrong(
        "the name of a tag",
        "1 to 128 letters, digits and _.:/=+-@, without aws: in front",
      );
    }
    if (typeof text !== "string" || text.length > 256 || !tagText.test(text)) {
      throw wrong(`tags.${key}`, "a text of at most 256 letters, digits, spaces and _.:/=+-@");
    }
  }
  // In one order, however they are given: a template that is made again is the same.
  const sorted = tags.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted) as Record<string, string>;
}

const capacityNames = optionNames<TableCapacity>({ read: true, write: true });
const scaledNames = optionNames<ScaledCapacity>({ min: true, max: true, targetPercent: true });

function capacityOf(value: unknown): TemplateSettings["capacity"] {
  if (value === undefined) return undefined;
  if (!isPlainMap(value)) throw wrong("capacity", "an object with read and write");
  refuseUnknownSettings(`${call}: capacity`, value, capacityNames);
  const { read, write } = value as Record<string, unknown>;
  return { read: unitsOf("capacity.read", read), write: unitsOf("capacity.write", write) };
}

const defaultTargetPercent = 70;

function unitsOf(name: string, value: unknown): Units {
  if (isUnits(value)) return { min: value, max: value, targetPercent: defaultTargetPercent };
  if (!isPlainMap(value)) throw wrong(name, "units, a whole number from 1, or { min, max }");
  refuseUnknownSettings(`${call}: ${name}`, value, scaledNames);
  const { min, max, targetPercent = defaultTargetPercent } = value as Record<string, unknown>;
  if (!isUnits(min)) throw wrong(`${name}.min`, "a whole number from 1");
  if (!isUnits(max) || max < min) throw wrong(`${name}.max`, "a whole number, min or more");
  // DynamoDB takes no other targets.
  if (typeof targetPercent !== "number" || !(targetPercent >= 20 && targetPercent <= 90)) {
    throw wrong(`${name}.targetPercent`, "a number from 20 to 90");
  }
  return { min, max, targetPercent };
}

function isUnits(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

const accesses: readonly IamAccess[] = ["user", "application", "scripts"];

function policiesOf(value: unknown): readonly IamAccess[] | undefined {
  if (value === undefined) return undefined;
  const isList =
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((one: unknown) => accesses.includes(one as IamAccess));
  if (!isList) throw wrong("policies", "a list of user, application and scripts, each once");
  return accesses.filter((one) => value.includes(one));
}

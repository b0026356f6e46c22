/** The findings about one stored item. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { project } from "../../entities/project.js";
import { expiryIssuesIn } from "../../src/entity/expiry.js";
import type { EntityModel } from "../../src/entity/model.js";
import { compileTemplate } from "../../src/keys/template.js";
import { attribute, receiptRow } from "../../src/table/table.js";
import { checkPayload } from "../../src/values/payload.js";
import { isGhost } from "../../src/write/occupant.js";
import {
  entitiesByType,
  entityAtKey,
  isProblem,
  isReceipt,
  type Problem,
  placementOf,
  rawKeyText,
  secondsFor,
} from "../move/placement.js";
import { itemSize } from "../raw/item-size.js";
import type { Item } from "../raw/raw-table.js";
import { hasExpired } from "../raw/stored-expiry.js";
import { secretsOf } from "../raw/stored-secrets.js";
import { ageOf, upgradedOf, versionText } from "../raw/stored-versions.js";

/** What needs action. */
export const findingKinds = {
  unowned: "items that no entity owns",
  ghost: "ghosts: only a key and times, seen by no call (create, put or delete takes their place)",
  foreign:
    "items of another kind at an entity's key, which its calls do not see (correct EntityType, or move them)",
  wrongAttribute: "attributes that disagree with the key, or times that are not valid",
  missingIndexKeys: "items that are not in an index (bayon-data adopt)",
  loneIndexKey: "items with one of the two keys of an index (bayon-data adopt)",
  missingParts: "items without their key's parts or CreatedAt (bayon-data adopt)",
  missingExpiry: "items without the TTL that their payload asks for (bayon-data adopt)",
  wrongExpiry: "items with another TTL than their payload asks for (update the field, or put them)",
  noTimeToLive: "tables that delete no expired items",
  payload: "payloads that fail their schema",
  orphan: "content of a missing project",
  deadToken: "tokens that expired and cannot be refreshed",
  failedUpgrade: "payloads of an older version that cannot be upgraded",
  clearSecret: "secrets in clear text (bayon-data rotate)",
  unreadableSecret: "secrets that cannot be decrypted",
} as const;

/** What is good to know, and no fault. */
export const noteKinds = {
  large: "items over 100 KB",
  expired: "items that have expired, and that DynamoDB has not deleted yet",
  expiredToken: "tokens that expired and are refreshed when they are next used",
  olderVersion: "payloads of an older version (bayon-data upgrade)",
  newerVersion: "payloads of a newer version than the declared one, which were not checked",
  oldKey: "secrets under a key other than the current one (bayon-data rotate)",
  unknownSecret: "secrets that are encrypted and were not checked, because no keys are configured",
} as const;

export type Kind = keyof typeof findingKinds | keyof typeof noteKinds;

export interface Remark {
  readonly kind: Kind;
  readonly key: string;
  /** Names fields and rules, never values. */
  readonly rule: string;
}

export interface Examined {
  /** The name that the item is counted under. */
  readonly entity: string;
  readonly bytes: number;
  readonly remarks: readonly Remark[];
  /** The project that the item says it belongs to: a raw key. */
  readonly project?: Item;
}

/** A larger item is worth a look: every read of its page pays for it. */
const largeBytes = 100 * 1024;

/** The name that items of no entity are counted under. */
export const unownedEntity = "(no entity)";

const ownershipProblems: ReadonlySet<Problem["kind"]> = new Set([
  "unknownType",
  "keyDisagrees",
  "keyTooLong",
]);

/**
 * @param now epoch ms
 * @param open the same item with its secrets decrypted
 */
export function examine(item: Item, now: number, open: Item = item): Examined {
  const bytes = itemSize(item);
  const key = rawKeyText(item);
  const remarks: Remark[] = [];
  const remark = (kind: Kind, rule: string) => remarks.push({ kind, key, rule });
  if (bytes > largeBytes) remark("large", `${Math.round(bytes / 1024)} KB`);

  // It is no entity's, and deletes itself.
  if (isReceipt(item)) return { entity: receiptRow.entityType, bytes, remarks };
  const placement = placementOf(item, now);
  if (isProblem(placement)) {
    if (ownershipProblems.has(placement.kind)) {
      const owner = entityAtKey(item)?.model.name;
      const isForeign = owner !== undefined && owner !== item[attribute.entityType]?.S;
      const at = isForeign ? `is at a key of ${owner}` : placement.rule;
      if (isGhost(item)) remark("ghost", at);
      else if (isForeign) remark("foreign", `${at}, but ${placement.rule}`);
      else remark("unowned", placement.rule);
      return { entity: unownedEntity, bytes, remarks };
    }
    remark("wrongAttribute", placement.rule);
  } else {
    const { lacks, entity } = placement;
    for (const { pk, sk } of entity.model.indexes) {
      const keys = [pk.attribute, sk.attribute];
      const lacking = keys.filter((name) => name in lacks);
      if (lacking.length === 0) continue;
      const isLone = keys.some((name) => name in item);
      remark(isLone ? "loneIndexKey" : "missingIndexKeys", `lacks ${lacking.join(", ")}`);
    }
    const parts = [...entity.model.parts, attribute.createdAt].filter((name) => name in lacks);
    if (parts.length > 0) remark("missingParts", `lacks ${parts.join(", ")}`);
    examineExpiry(entity.model, item, now, remark);
  }
  const type = item[attribute.entityType]?.S ?? "";
  const { model, facade } = known(type);
  const data = nativeOf(open[attribute.data]);
  examinePayload(model, open, data, remark);
  const fields = isFields(data) ? data : {};
  if (facade === "oauthToken") examineToken(fields, now, remark);
  const project = facade === "savedContent" ? projectKeyOf(item, fields) : undefined;
  return { entity: type, bytes, remarks, ...(project !== undefined && { project }) };
}

/** A payload as readers see it: one of an older version is upgraded, one of a newer version not known. */
function examinePayload(
  model: EntityModel,
  open: Item,
  stored: unknown,
  remark: (kind: Kind, rule: string) => void,
): void {
  const age = ageOf(model, open);
  if (age === "newer") return remark("newerVersion", `is of version ${versionText(open)}`);
  let data = stored;
  if (age === "older") {
    remark("olderVersion", `is of version ${versionText(open)}`);
    // What could not be decrypted is a finding already, and is not upgraded.
    if (secretsOf(open).some(({ keyId }) => keyId !== undefined)) return;
    const upgraded = upgradedOf(model, open);
    if ("rule" in upgraded) return remark("failedUpgrade", upgraded.rule);
    data = upgraded.data;
  }
  const { issues } =
    data === undefined
      ? { issues: [{ path: "data", message: "is missing" }] }
      : issuesOf(model, data);
  if (issues.length > 0) {
    remark("payload", issues.map(({ path, message }) => `${path} ${message}`).join("; "));
  }
}

/** The issues of a payload: of its schema, and of the time at which its item expires. */
function issuesOf(model: EntityModel, data: unknown) {
  const { issues } = checkPayload(model.payload, data);
  return { issues: issues.length > 0 ? issues : expiryIssuesIn(model, data) };
}

function known(type: string) {
  const entity = entitiesByType().get(type);
  // An item with a place has a known type.
  if (entity === undefined) throw new TypeError(`no entity ${type}`);
  return entity;
}

/** The `TTL` of an item, beside the payload's field that says when it expires. */
function examineExpiry(
  model: EntityModel,
  item: Item,
  now: number,
  remark: (kind: Kind, rule: string) => void,
): void {
  if (model.expires === undefined) return;
  const { [attribute.timeToLive]: held } = item;
  const seconds = secondsFor(model, item);
  const name = `data.${model.expires}`;
  if (held === undefined) {
    if (seconds !== undefined) remark("missingExpiry", `lacks ${attribute.timeToLive}`);
    return;
  }
  const isRight = seconds !== undefined && Number(held.N) === seconds;
  if (!isRight) remark("wrongExpiry", `${attribute.timeToLive} is not what ${name} says`);
  if (hasExpired(item, now)) remark("expired", `by its ${attribute.timeToLive}`);
}

/** The layer's rule: only a number of milliseconds in the future has not expired. */
function examineToken(
  { expiryDate, refreshToken }: Readonly<Record<string, unknown>>,
  now: number,
  remark: (kind: Kind, rule: string) => void,
): void {
  if (typeof expiryDate === "number" && expiryDate > now) return;
  const since = typeof expiryDate === "number" ? "has expired" : "has no usable expiryDate";
  if (typeof refreshToken === "string" && refreshToken !== "") remark("expiredToken", since);
  else remark("deadToken", `${since} and there is no refreshToken: the user must consent again`);
}

const projectKey = compileTemplate(project.schema().indexes.byKey.sk.template);

function projectKeyOf(
  item: Item,
  { projectId }: Readonly<Record<string, unknown>>,
): Item | undefined {
  if (typeof projectId !== "string" || projectId === "") return undefined;
  const pk = item[attribute.partitionKey];
  const sk = projectKey.build({ projectId });
  return pk === undefined
    ? undefined
    : { [attribute.partitionKey]: pk, [attribute.sortKey]: { S: sk } };
}

/** A number if that is exact, else a bigint, else the nearest number. */
function nativeNumber(text: string): number | bigint {
  const number = Number(text);
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(text)) return number;
  return BigInt(text);
}

function nativeOf(value: AttributeValue | undefined): unknown {
  if (value === undefined) return undefined;
  return unmarshall({ value }, { wrapNumbers: nativeNumber }).value;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

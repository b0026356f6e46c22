/** What a request touches, read from what was sent and compared with what is a user's. */
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { ObservedRequest } from "../../src/testing/index.js";

type Raw = Record<string, unknown>;

/** The partitions in which a user's items lie, written out. */
export function partitionsOf(user: string): string[] {
  return [`USER#${user}`, `REVIEW#${user}`, `OAUTH#${user}`];
}

interface Sent {
  readonly Key?: Raw;
  readonly Item?: Raw;
  readonly Keys?: Raw[];
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, never>;
  readonly ExclusiveStartKey?: Raw;
  readonly UpdateExpression?: string;
}

/** What of a request lies outside the user's partitions. */
export function problemsOf({ operation, input }: ObservedRequest, user: string): string[] {
  const problems: string[] = [];
  const check = (where: string, partition: unknown) => {
    if (!partitionsOf(user).includes(String(partition))) {
      problems.push(`${operation} ${where}: ${String(partition)}`);
    }
  };
  const one = (sent: Sent) => {
    for (const key of [sent.Key, ...(sent.Keys ?? [])]) {
      if (key !== undefined) check("Key", plain(key).PK);
    }
    if (sent.Item !== undefined) {
      const item = plain(sent.Item);
      check("Item", item.PK);
      if (item.GSI1PK !== undefined) checkIndex(item.GSI1PK, item.GSI1SK);
      for (const owner of ["userId", "agentId"]) {
        if (item[owner] !== undefined && item[owner] !== user) problems.push(`${owner} of an item`);
      }
    }
    if (sent.KeyConditionExpression !== undefined) query(sent);
    if (sent.UpdateExpression !== undefined) update(sent);
  };
  /** The index holds the dated entities under their user, and each review under its own id. */
  const checkIndex = (partition: unknown, sort: unknown) => {
    if (partition === `USER#${user}`) return;
    const ownReview = String(partition).startsWith("REVIEW#") && sort === `AGENT#${user}`;
    if (!ownReview) problems.push(`${operation} GSI1: ${String(partition)} / ${String(sort)}`);
  };
  const query = (sent: Sent) => {
    const { KeyConditionExpression = "", ExpressionAttributeNames: names = {} } = sent;
    const values = plain(sent.ExpressionAttributeValues ?? {});
    const match = /^(#\w+) = (:\w+)(?: and (#\w+) = (:\w+)$| and |$)/i.exec(KeyConditionExpression);
    const [, pk = "", partition = "", sk = "", sort = ""] = match ?? [];
    if (sent.IndexName === undefined) {
      if (names[pk] !== "PK") problems.push(`a query of ${KeyConditionExpression}`);
      check("query", values[partition]);
    } else {
      if (names[pk] !== "GSI1PK") problems.push(`a query of ${KeyConditionExpression}`);
      if (sk !== "" && names[sk] !== "GSI1SK") problems.push("a sort key that is none");
      checkIndex(values[partition], values[sort]);
    }
    if (sent.ExclusiveStartKey === undefined) return;
    const start = plain(sent.ExclusiveStartKey);
    check("ExclusiveStartKey", start.PK);
    if (start.GSI1PK !== undefined) checkIndex(start.GSI1PK, start.GSI1SK);
  };
  /** The attributes that an update sets; a path inside the payload has a `.` before its names. */
  const update = ({ UpdateExpression = "", ...sent }: Sent) => {
    const values = plain(sent.ExpressionAttributeValues ?? {});
    const set: Raw = {};
    for (const [, name = "", value = ""] of UpdateExpression.matchAll(
      /(?<![.#\w])(#\w+) = (?:if_not_exists\(#\w+, )?(:\w+)/g,
    )) {
      set[sent.ExpressionAttributeNames?.[name] ?? name] = values[value];
    }
    for (const owner of ["userId", "agentId"]) {
      if (set[owner] !== undefined && set[owner] !== user) problems.push(`sets ${owner}`);
    }
    if (set.GSI1PK !== undefined) checkIndex(set.GSI1PK, set.GSI1SK);
  };

  const { RequestItems, TransactItems } = input as {
    RequestItems?: Record<string, Sent | Record<string, Sent>[]>;
    TransactItems?: Record<string, Sent>[];
  };
  for (const batch of Object.values(RequestItems ?? {})) {
    if (Array.isArray(batch)) for (const entry of batch) Object.values(entry).forEach(one);
    else one(batch);
  }
  for (const entry of TransactItems ?? []) Object.values(entry).forEach(one);
  if (RequestItems === undefined && TransactItems === undefined) {
    const known = /^(GetItem|PutItem|UpdateItem|DeleteItem|Query)$/.test(operation);
    if (!known) problems.push(`${operation} is no request of a scope`);
    one(input as Sent);
  }
  return problems;
}

function plain(value: object): Raw {
  return unmarshall(value as Record<string, never>);
}

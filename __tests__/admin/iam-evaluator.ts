/**
 * What IAM says of a request: as much of its evaluation as the package's policies use.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { IamPolicy, IamStatement } from "../../src/index.js";
import type { ObservedRequest } from "../../src/testing/index.js";

type Raw = Record<string, unknown>;

/** What IAM asks about: a request asks once per table, a transaction once per operation. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** The partition keys that it names; none where it names none, as a Scan does. */
  readonly leadingKeys: readonly string[];
}

/** What the principal's session holds: `{ "aws:PrincipalTag/userId": "u1" }`. */
export type Session = Readonly<Record<string, string>>;

/** Whether the policy allows everything that a request asks for. */
export function isAllowed(policy: IamPolicy, asked: readonly Asked[], session: Session): boolean {
  return (
    asked.length > 0 &&
    asked.every((one) => policy.Statement.some((statement) => applies(statement, one, session)))
  );
}

function applies(statement: IamStatement, asked: Asked, session: Session): boolean {
  if (!statement.Action.includes(asked.action)) return false;
  if (!statement.Resource.includes(asked.resource)) return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, condition]) =>
    Object.entries(condition).every(([key, values]) => {
      if (key !== "dynamodb:LeadingKeys") throw new Error(`no such key: ${key}`);
      return holds(operator, asked.leadingKeys, [values].flat(), session);
    }),
  );
}

function holds(
  operator: string,
  given: readonly string[],
  values: readonly string[],
  session: Session,
): boolean {
  switch (operator) {
    case "ForAllValues:StringEquals": {
      // Of no values all are equal to anything: this is what `Null` is there for.
      const wanted = values.map((value) => resolved(value, session));
      return given.every((value) => wanted.includes(value));
    }
    case "Null":
      return values.includes(String(given.length === 0));
    default:
      throw new Error(`no such operator: ${operator}`);
  }
}

/** A value with its variables replaced; one whose variable the session does not have equals nothing. */
function resolved(value: string, session: Session): string | undefined {
  let missing = false;
  const text = value.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    // `${$}` stands for the character itself.
    if (name === "$" || name === "*" || name === "?") return name;
    const found = session[name];
    missing ||= found === undefined;
    return found ?? "";
  });
  return missing ? undefined : text;
}

/** The operations of a transaction, and what IAM calls them. */
const underlying: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  Get: "GetItem",
  ConditionCheck: "ConditionCheckItem",
};

interface Part {
  readonly Key?: Raw;
  readonly Item?: Raw;
  readonly Keys?: readonly Raw[];
}

/** What a request that was sent asks IAM for. @param arnOf gives a table's ARN by its name */
export function askedBy(
  { operation, input }: ObservedRequest,
  arnOf: (table: string) => string,
): Asked[] {
  const { TableName, RequestItems, TransactItems } = input as {
    TableName?: string;
    RequestItems?: Record<string, Part | Record<string, Part>[]>;
    TransactItems?: Record<string, Part & { TableName: string }>[];
  };
  const asked = (action: string, resource: string, ...parts: Part[]): Asked => {
    const keys = parts.flatMap(({ Key, Item, Keys = [] }) => [Key, Item, ...Keys]);
    const leadingKeys = keys.flatMap((key) => (key === undefined ? [] : [plain(key).PK as string]));
    return { action: `dynamodb:${action}`, resource, leadingKeys };
  };
  if (TransactItems !== undefined) {
    return TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, part]) =>
        asked(underlying[kind] ?? kind, arnOf(part.TableName), part),
      ),
    );
  }
  if (RequestItems !== undefined) {
    return Object.entries(RequestItems).map(([table, batch]) => {
      const parts = Array.isArray(batch) ? batch.flatMap((one) => Object.values(one)) : [batch];
      return asked(operation, arnOf(table), ...parts);
    });
  }
  const arn = arnOf(TableName ?? "");
  if (operation !== "Query") return [asked(operation, arn, input as Part)];
  const { IndexName, ...query } = input as { IndexName?: string } & QueryPart;
  const resource = IndexName === undefined ? arn : `${arn}/index/${IndexName}`;
  return [{ action: "dynamodb:Query", resource, leadingKeys: [partitionOf(query)] }];
}

interface QueryPart {
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Raw;
}

/** The partition key of a query: of the table's, or of the index's, which has its own. */
function partitionOf(query: QueryPart): string {
  const { KeyConditionExpression = "", ExpressionAttributeNames: names = {} } = query;
  const values = plain(query.ExpressionAttributeValues ?? {});
  for (const [, name = "", value = ""] of KeyConditionExpression.matchAll(/(#\w+) = (:\w+)/g)) {
    if (/^(?:GSI\d+)?PK$/.test(names[name] ?? "")) return String(values[value]);
  }
  throw new Error(`no partition key in ${KeyConditionExpression}`);
}

function plain(value: Raw): Raw {
  return unmarshall(value as Record<string, never>);
}

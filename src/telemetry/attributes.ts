/**
 * The attributes of spans and metrics: those of OpenTelemetry's semantic conventions for database clients
 * (1.45), and this package's own. None holds a key or a value of an item.
 */
import type { Attributes } from "@opentelemetry/api";
import { operationNames } from "../transport/operation-names.js";
import type { RequestName } from "../transport/requests.js";

/** The same attributes without those that are not there, which some exporters would show as empty. */
export function present(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** Which call or request it is. */
interface Named {
  readonly entity: string | undefined;
  readonly operation: string | undefined;
}

/** A request, as far as it is known before it is sent. */
interface Request extends Named {
  readonly request: string;
  readonly table: string;
  readonly index: string | undefined;
  readonly batchSize: number | undefined;
}

export function operationNameOf({ request }: Pick<Request, "request">): string {
  const known: string | undefined = operationNames[request as RequestName];
  return known ?? request;
}

/** `get SavedContent`: the call, or for a native chain what stands for it. */
export function callNameOf({ operation = "call", entity }: Named): string {
  return entity === undefined ? operation : `${operation} ${entity}`;
}

/**
 * The access pattern: the call, the entity and the index, such as `query SavedContent by GSI1`. It is the
 * same for all keys and values, so that it can group.
 */
function patternOf({ index, ...named }: Request): string {
  return index === undefined ? callNameOf(named) : `${callNameOf(named)} by ${index}`;
}

export function callAttributes({ entity, operation }: Named): Attributes {
  return { "bayon.entity": entity, "bayon.operation": operation };
}

/** What groups the requests in a metric: few values each. */
export function requestAttributes(request: Request): Attributes {
  return {
    "db.system.name": "aws.dynamodb",
    "db.operation.name": operationNameOf(request),
    "db.collection.name": request.table,
    ...callAttributes(request),
  };
}

/** What a span of a request says besides, once it begins. */
export function spanAttributes(request: Request): Attributes {
  return {
    ...requestAttributes(request),
    "db.query.summary": patternOf(request),
    "db.operation.batch.size": request.batchSize,
    "aws.dynamodb.index_name": request.index,
  };
}

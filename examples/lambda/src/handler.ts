/** The API of a user's saved content, behind an HTTP API of API Gateway with a JWT authorizer. */
import {
  ConditionalCheckFailedError,
  type DataLayer,
  DynamoDBError,
  ItemNotFoundError,
  type UserScope,
  ValidationError,
} from "bayon-coagent-data";

/** The parts of an event (payload format 2.0) that this function reads. */
export interface HttpEvent {
  readonly routeKey: string;
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly requestContext: {
    readonly authorizer?: { readonly jwt?: { readonly claims: Readonly<Record<string, unknown>> } };
  };
}

/** The part of the context that this function reads. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Handler = (event: HttpEvent, context: LambdaContext) => Promise<HttpResponse>;

/** Time that is kept for the response, in ms. */
const reservedMs = 500;

/** Makes the handler over a data layer: the process's own, or a test's. */
export function createHandler(data: DataLayer): Handler {
  return async (event, context) => {
    // The user is who the authorizer says, never what the request says.
    const userId = event.requestContext.authorizer?.jwt?.claims.sub;
    if (typeof userId !== "string") return respond(401, { message: "Sign in first." });
    // A call that cannot end in time ends with an error, and not with Lambda's own time-out.
    const timeoutMs = Math.max(context.getRemainingTimeInMillis() - reservedMs, 1);
    try {
      return await route(data.forUser(userId), event, timeoutMs);
    } catch (error) {
      return refuse(error);
    }
  };
}

async function route(
  { savedContent }: UserScope,
  event: HttpEvent,
  timeoutMs: number,
): Promise<HttpResponse> {
  const contentId = event.pathParameters?.contentId ?? "";
  switch (event.routeKey) {
    case "GET /content": {
      const { cursor } = event.queryStringParameters ?? {};
      const page = await savedContent.query(
        {},
        {
          by: "createdAt",
          order: "desc",
          limit: 20,
          fields: ["type", "title"],
          cursor: cursor ?? null,
          timeoutMs,
        },
      );
      return respond(200, page);
    }
    case "GET /content/{contentId}":
      return respond(200, await savedContent.getOrThrow({ contentId }, { timeoutMs }));
    case "POST /content":
      return respond(201, await savedContent.create({ data: bodyOf(event) }, { timeoutMs }));
    case "PATCH /content/{contentId}": {
      const { ifUpdatedAt, ...changes } = bodyOf(event);
      const lock = typeof ifUpdatedAt === "number" ? { ifUpdatedAt } : {};
      return respond(
        200,
        await savedContent.update({ contentId }, changes, { ...lock, timeoutMs }),
      );
    }
    case "DELETE /content/{contentId}":
      await savedContent.delete({ contentId }, { timeoutMs });
      return respond(204, null);
    default:
      return respond(404, { message: "No such route." });
  }
}

/** The fields of saved content that a client may send; the store checks each of them. */
interface ContentFields {
  readonly type: string;
  readonly title?: string | null;
  readonly content: string;
  readonly ifUpdatedAt?: unknown;
}

class BadRequest extends Error {}

function bodyOf({ body = "" }: HttpEvent): ContentFields {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new BadRequest("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadRequest("The body is not an object.");
  }
  return value as ContentFields;
}

/** What the client learns of an error. What is a fault of this program goes to the log. */
function refuse(error: unknown): HttpResponse {
  if (error instanceof BadRequest) return respond(400, { message: error.message });
  if (error instanceof ValidationError) {
    return respond(400, { message: "Invalid input.", issues: error.issues });
  }
  if (error instanceof ItemNotFoundError) return respond(404, { message: "No such content." });
  if (error instanceof ConditionalCheckFailedError) {
    return respond(409, { message: "The content was changed by someone else." });
  }
  console.error(error);
  if (error instanceof DynamoDBError && error.retryable) {
    return respond(503, { message: "Try again in a moment." }, { "retry-after": "1" });
  }
  return respond(500, { message: "Something went wrong on our side." });
}

function respond(
  statusCode: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const body = value === null ? "" : JSON.stringify(value);
  return { statusCode, headers: { "content-type": "application/json", ...headers }, body };
}

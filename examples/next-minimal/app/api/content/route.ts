import { DynamoDBError, ValidationError } from "bayon-coagent-data";
import { myData } from "../../../lib/user";

/** A page of the user's content, newest first, without its texts: `GET /api/content?cursor=…`. */
export async function GET(request: Request): Promise<Response> {
  return respond(request, async ({ savedContent }) => {
    const page = await savedContent.query(
      {},
      {
        by: "createdAt",
        order: "desc",
        limit: 20,
        fields: ["type", "title", "projectId"],
        cursor: new URL(request.url).searchParams.get("cursor"),
        // The client has gone: nobody waits for the answer.
        signal: request.signal,
      },
    );
    return Response.json(page);
  });
}

/** Saves new content: `POST /api/content` with its fields as JSON. */
export async function POST(request: Request): Promise<Response> {
  return respond(request, async ({ savedContent }) => {
    const item = await savedContent.create({ data: await request.json() });
    return Response.json(item, { status: 201 });
  });
}

type Data = Awaited<ReturnType<typeof myData>>;

/** What the client learns of an error. What is a fault of this program goes to the log. */
async function respond(
  request: Request,
  run: (data: Data) => Promise<Response>,
): Promise<Response> {
  try {
    return await run(await myData());
  } catch (error) {
    if (error instanceof SyntaxError) return refusal(400, "The body is not JSON.");
    if (error instanceof ValidationError) {
      return Response.json({ message: "Invalid input.", issues: error.issues }, { status: 400 });
    }
    if (request.signal.aborted) return new Response(null, { status: 499 });
    console.error(error);
    if (error instanceof DynamoDBError && error.retryable) {
      return refusal(503, "Try again in a moment.");
    }
    return refusal(500, "Something went wrong on our side.");
  }
}

function refusal(status: number, message: string): Response {
  return Response.json({ message }, { status });
}

/**
 * Two server actions of an application, over this package. Nothing here knows a framework. In
 * Next.js each is called from a file of actions that reads the session:
 *
 *     "use server";
 *     export async function saveContent(form: FormData) {
 *       const session = await auth();
 *       return saveContentAction(form, { userId: session?.user.id ?? null });
 *     }
 */
import {
  ConditionalCheckFailedError,
  createDataLayer,
  type DataLayer,
  DynamoDBError,
  ItemNotFoundError,
  ValidationError,
} from "bayon-coagent-data";

/** Who calls an action, and what it works with. */
export interface Caller {
  /** The user of the session; `null` where nobody is signed in. */
  readonly userId: string | null;
  /** Tests give their own. @default one for the process, made from the environment */
  readonly data?: DataLayer;
  /** Gets what an operator should see; the user sees the action's message. @default nobody */
  readonly report?: (error: unknown) => void;
}

/** What a page needs to go on: a value, or what to tell the user. */
export type ActionResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly message: string;
      /** Names of the form's fields that are wrong. */
      readonly fields: readonly string[];
      /** Whether the same input may succeed a moment later. */
      readonly tryAgain: boolean;
    };

/** A form as it arrives; FormData is one. */
export interface Form {
  get(name: string): unknown;
}

/** A line of the list of contents. */
export interface ContentLine {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  /** ISO date. */
  readonly savedAt: string;
  /** Comes back with the form, so that nobody's change is overwritten unseen. */
  readonly version: number;
}

export interface ContentPage {
  readonly lines: readonly ContentLine[];
  /** For the link to the next page; `null` on the last one. */
  readonly next: string | null;
}

let shared: DataLayer | undefined;

/** One data layer for the process: it keeps connections open. */
function dataOfProcess(): DataLayer {
  shared ??= createDataLayer();
  return shared;
}

/**
 * Saves the form's content: a new one, or, with `contentId`, a change to one that is there. With
 * `version` the change is made only where nobody else has changed it since. One request.
 */
export async function saveContentAction(
  form: Form,
  caller: Caller,
): Promise<ActionResult<ContentLine>> {
  return answer(caller, async (data, userId) => {
    const { savedContent } = data.forUser(userId);
    const content = {
      // The store checks what arrives; a field that is missing or no text is refused by name.
      type: form.get("type") as string,
      content: form.get("content") as string,
      title: form.get("title") as string,
      // A select without a choice sends an empty text; null is "uncategorised".
      projectId: (form.get("projectId") as string | null) || null,
    };
    const contentId = form.get("contentId");
    if (typeof contentId !== "string" || contentId === "") {
      return lineOf(await savedContent.create({ data: content }));
    }
    const version = Number(form.get("version"));
    const lock = version > 0 ? { ifUpdatedAt: version } : {};
    return lineOf(await savedContent.update({ contentId }, content, lock));
  });
}

/**
 * The user's contents, newest first, twenty to a page, without their bodies: all of them, those of
 * one project, or with `projectId: null` the uncategorised ones. One request per MB that is read.
 */
export async function listMyContentAction(
  wanted: { readonly projectId?: string | null; readonly after?: string | null },
  caller: Caller,
): Promise<ActionResult<ContentPage>> {
  return answer(caller, async (data, userId) => {
    const { projectId, after } = wanted;
    const { items, cursor } = await data.forUser(userId).savedContent.query(
      {},
      {
        by: "createdAt",
        order: "desc",
        limit: 20,
        cursor: after,
        fields: ["title", "name", "type"],
        where: projectId === undefined ? {} : { projectId },
      },
    );
    return { lines: items.map(lineOf), next: cursor };
  });
}

interface Line {
  readonly contentId: string;
  readonly data: { title?: string | null; name?: string | null; type: string };
  readonly createdAt: number;
  readonly updatedAt: number;
}

function lineOf({ contentId, data, createdAt, updatedAt }: Line): ContentLine {
  return {
    id: contentId,
    title: data.title || data.name || "Untitled",
    type: data.type,
    savedAt: new Date(createdAt).toISOString(),
    version: updatedAt,
  };
}

/** Runs an action for the user of the session, and says what went wrong in the user's words. */
async function answer<Value>(
  { userId, data, report }: Caller,
  run: (data: DataLayer, userId: string) => Promise<Value>,
): Promise<ActionResult<Value>> {
  if (userId === null) return refusal("Please sign in first.");
  try {
    return { ok: true, value: await run(data ?? dataOfProcess(), userId) };
  } catch (error) {
    // What is not of the data layer is a mistake in this program.
    if (!(error instanceof DynamoDBError)) throw error;
    if (error instanceof ValidationError) {
      const fields = error.issues.map(({ path }) => path.replace(/^(data|changes)\./, ""));
      if (fields.includes("cursor")) return refusal("This page is gone. Start at the first one.");
      return { ...refusal("Please check the marked fields."), fields };
    }
    if (error instanceof ItemNotFoundError) {
      return refusal("This content is no longer there. It may have been deleted elsewhere.");
    }
    if (error instanceof ConditionalCheckFailedError) {
      return refusal("This content was changed elsewhere. Load it again to see the changes.");
    }
    report?.(error);
    if (!error.retryable) return refusal("Something went wrong on our side. We have been told.");
    return { ...refusal("We are very busy. Please try again in a moment."), tryAgain: true };
  }
}

function refusal(message: string) {
  return { ok: false, message, fields: [] as string[], tryAgain: false } as const;
}

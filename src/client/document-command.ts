/**
 * The SDK's document commands, changed so that they neither round a number nor refuse one.
 *
 * A document command converts its own values by the options of the client that sends it. With those
 * options, a number in a response is rounded to JavaScript's precision, or refused with its value in the
 * message.
 */
import { convertToNative } from "@aws-sdk/util-dynamodb";
import { unreadableValue } from "../errors/unreadable-answer.js";
import { numberOf } from "../values/exact-number.js";
import { readForm } from "./marshalling.js";
import { storedAnswer } from "./wire-format.js";

interface TranslateConfig {
  readonly marshallOptions?: object;
  readonly unmarshallOptions?: object;
}

interface DocumentCommand {
  addMarshallingMiddleware?(configuration: { readonly translateConfig?: TranslateConfig }): void;
  readonly middlewareStack: RelativeStack;
}

/** The part of a command's middleware stack that is used. */
interface RelativeStack {
  addRelativeTo(
    middleware: (next: Handler) => Handler,
    options: {
      readonly relation: "before" | "after";
      readonly toMiddleware: string;
      readonly name: string;
      readonly override: boolean;
    },
  ): void;
}

type Handler = (given: object) => Promise<{ readonly output: object }>;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The command, changed so that its response has all digits of its numbers, or is refused as unreadable.
 * @param form what becomes of its input before lib-dynamodb converts it
 */
export function readingExactly<C extends object>(command: C, form?: (input: Fields) => Fields): C {
  const { addMarshallingMiddleware: add, middlewareStack } = command as unknown as DocumentCommand;
  if (typeof add !== "function") return command;
  const value: typeof add = ({ translateConfig = {} }) => {
    const { marshallOptions, unmarshallOptions } = translateConfig;
    add.call(command, {
      translateConfig: {
        ...(marshallOptions !== undefined && { marshallOptions: { ...marshallOptions } }),
        unmarshallOptions: { ...unmarshallOptions, wrapNumbers: numberOf },
      },
    });
    refuseUnreadableValues(middlewareStack);
    if (form === undefined) return;
    middlewareStack.addRelativeTo(
      (next) => async (given) =>
        next({ ...given, input: form((given as { readonly input: Fields }).input) }),
      { relation: "before", toMiddleware: "DocumentMarshall", name: "bayonForm", override: true },
    );
  };
  return Object.defineProperty(command, "addMarshallingMiddleware", { value, configurable: true });
}

/** The name of lib-dynamodb's middleware (3.1162) that converts a response to native values. */
const toMiddleware = "DocumentUnmarshall";

/**
 * Refuses values that DynamoDB does not have. lib-dynamodb accepts some of them, such as `{"S":5}`; at
 * others it throws errors without a code, which may quote the values and are replaced.
 */
function refuseUnreadableValues(stack: RelativeStack): void {
  const responses = new WeakMap<object, number | undefined>();
  const own = Symbol("request");
  type Marked = object & { readonly [own]?: object };
  stack.addRelativeTo(
    (next) => async (given) => {
      const result = await next(given);
      const { $metadata } = result.output as { $metadata?: { httpStatusCode?: number } };
      const request = (given as Marked)[own];
      if (request !== undefined) responses.set(request, $metadata?.httpStatusCode);
      storedAnswer(result.output as Record<string, unknown>);
      return result;
    },
    { relation: "after", toMiddleware, name: "bayonNoteResponse", override: true },
  );
  stack.addRelativeTo(
    (next) => async (given) => {
      const request = {};
      try {
        return await next(Object.assign({ ...given }, { [own]: request }));
      } catch (error) {
        if (!responses.has(request)) throw error;
        throw unreadableValue(responses.get(request));
      }
    },
    { relation: "before", toMiddleware, name: "bayonUnreadableValues", override: true },
  );
}

let asks: boolean | undefined;

/** Whether util-dynamodb calls `wrapNumbers` for each number. Releases before 3.9xx do not. */
function asksForNumbers(): boolean {
  asks ??= convertToNative({ N: "1" }, { wrapNumbers: () => null as never }) === null;
  return asks;
}

/** The response to such a command, with this package's numbers. */
export function exactAnswer<A extends object>(answer: A): A {
  return asksForNumbers() ? answer : (readForm(answer) as A);
}

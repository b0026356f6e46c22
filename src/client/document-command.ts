/**
 * The SDK's document commands, so that they neither round a number nor refuse one.
 *
 * A document command converts its own values, whatever client sends it, by the client's options. By
 * those an answer's number is rounded to JavaScript's, or refused with its value in the message.
 */
import { convertToNative } from "@aws-sdk/util-dynamodb";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { numberOf } from "../values/exact-number.js";
import { readForm } from "./marshalling.js";

interface TranslateConfig {
  readonly marshallOptions?: object;
  readonly unmarshallOptions?: object;
}

interface DocumentCommand {
  addMarshallingMiddleware?(configuration: { readonly translateConfig?: TranslateConfig }): void;
  readonly middlewareStack: RelativeStack;
}

/** Of a command's middleware stack, what is used of it. */
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

/** The command, whose answer has numbers with all their digits, or is unreadable. */
export function readingExactly<C extends object>(command: C): C {
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
  };
  return Object.defineProperty(command, "addMarshallingMiddleware", { value, configurable: true });
}

/** The middleware of lib-dynamodb (3.1162) that makes native values of a response's. */
const toMiddleware = "DocumentUnmarshall";

/**
 * Makes one error of whatever lib-dynamodb throws at values that DynamoDB does not have: its own has no
 * code, and may quote them.
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
        const what = "it holds a value of no kind that DynamoDB has";
        throw unreadableAnswer(what, responses.get(request));
      }
    },
    { relation: "before", toMiddleware, name: "bayonUnreadableValues", override: true },
  );
}

let asks: boolean | undefined;

/** Whether util-dynamodb asks for each number; releases before 3.9xx give one of their own. */
function asksForNumbers(): boolean {
  asks ??= convertToNative({ N: "1" }, { wrapNumbers: () => null as never }) === null;
  return asks;
}

/** An answer to such a command. */
export function exactAnswer<A extends object>(answer: A): A {
  return asksForNumbers() ? answer : (readForm(answer) as A);
}

/**
 * The SDK's document commands, so that they neither round a number nor refuse one.
 *
 * A document command converts its own values, whatever client sends it, by the client's options. By
 * those an answer's number is rounded to JavaScript's, or refused with its value in the message.
 */
import { convertToNative } from "@aws-sdk/util-dynamodb";
import { numberOf } from "../values/exact-number.js";
import { readForm } from "./marshalling.js";

interface TranslateConfig {
  readonly marshallOptions?: object;
  readonly unmarshallOptions?: object;
}

interface DocumentCommand {
  addMarshallingMiddleware?(configuration: { readonly translateConfig?: TranslateConfig }): void;
}

/** The command, whose answer has numbers with all their digits. */
export function readingExactly<C extends object>(command: C): C {
  const { addMarshallingMiddleware: add } = command as DocumentCommand;
  if (typeof add !== "function") return command;
  const value: typeof add = ({ translateConfig = {} }) => {
    const { marshallOptions, unmarshallOptions } = translateConfig;
    add.call(command, {
      translateConfig: {
        ...(marshallOptions !== undefined && { marshallOptions: { ...marshallOptions } }),
        unmarshallOptions: { ...unmarshallOptions, wrapNumbers: numberOf },
      },
    });
  };
  return Object.defineProperty(command, "addMarshallingMiddleware", { value, configurable: true });
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

/**
 * Marks the failures of a client that occurred before anything was sent: whatever a provider of
 * credentials or of a region throws, the request was not carried out. Also refuses responses that are
 * not DynamoDB's.
 */
import { Readable } from "node:stream";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { noteCredentialsFailure, noteSending } from "../errors/notes.js";
import { legible } from "../errors/thrown.js";
import { isObject } from "../runtime/objects.js";
import { limitSize } from "../wire/answer-size.js";
import { checkAsked, checkMet } from "./answer-match.js";
import { checkMembers, type Values } from "./answer-members.js";
import type { Credentials } from "./config.js";
import { checkRefusedItems } from "./refused-items.js";

/**
 * The key under which a sending is noted on a request's middleware arguments, which each middleware
 * passes on with its own changes.
 */
const sending = Symbol("sending");

/** One sending of a request. Its middlewares identify it by this object. */
type Sending = object;

/**
 * The sendings that were handed to the request handler. This is not a member of the sending: Rollup
 * (4.68) does not see that it is changed through the arguments of another middleware, and would treat
 * it as constant.
 */
const begun = new WeakSet<Sending>();

/**
 * Whether a request completed without that mark, because a middleware of some release drops it. Then
 * nothing is known about any request, and each failure leaves it open whether its request was sent.
 */
let isBlind = false;

type Given = object & { readonly [sending]?: Sending };

/**
 * Notes on an error whether the request had been handed to the request handler.
 * @param of a client, for all of its requests, or one command, for a client of the application
 */
export function watchSending({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next) => async (given) => {
      const own: Sending = {};
      try {
        return await next(Object.assign({ ...given }, { [sending]: own }));
      } catch (thrown) {
        throw noteSending(thrown, begun.has(own) || isBlind);
      }
    },
    { step: "initialize", priority: "high", name: "bayonWatchSending", override: true },
  );
  middlewareStack.add(
    (next) => async (given) => {
      const own = (given as Given)[sending];
      if (own === undefined) isBlind = true;
      else begun.add(own);
      return next(given);
    },
    { step: "deserialize", priority: "low", name: "bayonNoteSending", override: true },
  );
}

/** Refuses responses to a command that are not DynamoDB's, whichever client sends it. */
export function watchAnswer({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next) => async (given) => {
      const result = await next(given);
      const { body, headers = {} } = (result.response ?? {}) as Partial<HttpAnswer>;
      if (body instanceof Readable) limitSize(body, headers, false);
      return result;
    },
    { step: "deserialize", priority: "low", name: "bayonLimitSize", override: true },
  );
  middlewareStack.add(
    (next, { commandName = "" }) =>
      async (given) => {
        // Releases of lib-dynamodb around 3.600 put the marshalled input in its place.
        const { input } = given;
        const operation = commandName.replace(/Command$/, "");
        const result = await next(given).catch((thrown: unknown) =>
          refuseUnreadable(operation, input, thrown),
        );
        checkResult(operation, input, result.output);
        return result;
      },
    { step: "initialize", name: "bayonWatchAnswer", override: true },
  );
}

/** @throws what was thrown; UnreadableAnswer in its place if DynamoDB does not return what it holds */
function refuseUnreadable(operation: string, input: object, thrown: unknown): never {
  const error = (legible(thrown) ?? {}) as Values;
  const response = error.$response as { readonly statusCode?: number } | undefined;
  // Without a response it is none of DynamoDB's errors.
  if (response?.statusCode !== undefined) {
    checkRefusedItems(error, response.statusCode);
    checkMet(operation, input, error);
  }
  throw thrown;
}

/**
 * The SDK accepts any JSON, and an empty body too, as a response without members, which acknowledges
 * a write.
 * @throws UnreadableAnswer
 */
function checkResult(operation: string, input: object, output: object): void {
  const { $metadata, ...members } = output as { readonly $metadata?: Metadata };
  const { httpStatusCode: statusCode, requestId } = $metadata ?? {};
  // A middleware of the application responded in DynamoDB's place.
  if (statusCode === undefined) return;
  checkMembers(operation, members, { statusCode, requestId });
  checkAsked(operation, input, members);
}

/** The parts of an HTTP response that are looked at, as the client's request handler gives it. */
interface HttpAnswer {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}

/**
 * The same provider, with a note on what it throws. A fixed pair of credentials is returned as it is.
 */
export function watchedCredentials(credentials: Credentials | undefined): Credentials | undefined {
  if (typeof credentials !== "function") return credentials;
  const watched = async (...given: Parameters<typeof credentials>) => {
    try {
      const found: unknown = await credentials(...given);
      if (isObject(found)) return found as unknown as Awaited<ReturnType<typeof credentials>>;
      throw Object.assign(new Error("the provider returned none"), {
        name: "CredentialsProviderError",
      });
    } catch (thrown) {
      throw noteCredentialsFailure(thrown);
    }
  };
  // The SDK marks its own providers by members, and does not prepare a marked one again.
  return Object.assign(watched, credentials);
}

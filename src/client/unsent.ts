/**
 * Knows of a client's failures which came before anything was sent: whatever a provider of credentials
 * or of a region throws, the request was not carried out. And of its answers, which are nobody's.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { noteCredentialsFailure, noteSending } from "../errors/notes.js";
import { checkAsked, checkMembers } from "./answer-members.js";
import type { Credentials } from "./config.js";

/** On the arguments of a request's middleware, which each of them hands on with its own changes. */
const sending = Symbol("sending");

/** One sending of a request, whose middlewares know it by this object. */
type Sending = object;

/**
 * Those that were handed to the request handler. Not a member of theirs: Rollup (4.68) does not see
 * that it is changed behind the arguments of another middleware, and builds in that it never is.
 */
const begun = new WeakSet<Sending>();

/**
 * Whether a request came to its end without that mark: a middleware of some release drops it. Then
 * nothing is known of any, and each failure leaves open what became of its request.
 */
let isBlind = false;

type Given = object & { readonly [sending]?: Sending };

/**
 * Notes on what is thrown whether the request had been handed to the request handler.
 * @param of a client, for all of its requests, or one command, for a client of the application's
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

/** Refuses responses to a command that are not DynamoDB's, whatever client sends it. */
export function watchAnswer({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next, { commandName = "" }) =>
      async (given) => {
        // Releases of lib-dynamodb around 3.600 put the marshalled input in its place.
        const { input } = given;
        const result = await next(given);
        checkResult(commandName.replace(/Command$/, ""), input, result.output);
        return result;
      },
    { step: "initialize", name: "bayonWatchAnswer", override: true },
  );
}

/**
 * The SDK takes any JSON, and an empty body too, for a response without members, which acknowledges a write.
 * @throws UnreadableAnswer
 */
function checkResult(operation: string, input: object, output: object): void {
  const { $metadata, ...members } = output as { readonly $metadata?: Metadata };
  const { httpStatusCode: statusCode, requestId } = $metadata ?? {};
  // A middleware of the application's responded in DynamoDB's place.
  if (statusCode === undefined) return;
  checkMembers(operation, members, { statusCode, requestId });
  checkAsked(operation, input, members);
}

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}

/** The same provider, with a note on what it throws. A pair is given back as it is. */
export function watchedCredentials(credentials: Credentials | undefined): Credentials | undefined {
  if (typeof credentials !== "function") return credentials;
  const watched = async (...given: Parameters<typeof credentials>) => {
    try {
      return await credentials(...given);
    } catch (thrown) {
      throw noteCredentialsFailure(thrown);
    }
  };
  // The SDK marks its own providers by members, and does not prepare a marked one again.
  return Object.assign(watched, credentials);
}

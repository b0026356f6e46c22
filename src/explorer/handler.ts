/** The explorer's server: the files of its page, and the page's operations. */

import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { invalidAt, ValidationError } from "../errors/validation-error.js";
import { objectIn, textOf } from "../server/body.js";
import type { DataHandler } from "../server/handler.js";
import { Refused, wrong } from "../server/refused.js";
import { toldError } from "../server/told-error.js";
import { decode, encode } from "../server/wire-values.js";
import { sourceOf } from "../store/layer-source.js";
import { isPlainMap } from "../values/payload.js";
import { describeEntities } from "./describe.js";
import { remove, reveal, save, undo } from "./edits.js";
import type { Explorer, Operation, Surveyor } from "./explorer.js";
import { Gate, type GateOptions } from "./gate.js";
import { history } from "./history.js";
import type { Meter } from "./meter.js";
import { type PageFile, securityHeaders } from "./page-files.js";
import { pattern, patternsOf } from "./patterns.js";
import type { Failure, OwnEntities, Reply, ShownCall } from "./protocol.js";
import { about, browse, item, raw, survey, withKeys } from "./reads.js";
import { knownStore, type StoredItem } from "./sent-item.js";
import { Undos } from "./undo.js";
import { visitOf } from "./visit.js";

export interface ExplorerOptions extends GateOptions {
  /** What `createDataLayer` returns. Its listener must be `meter.add`. */
  readonly data: object;
  readonly meter: Meter;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly survey: Surveyor;
  /** The module that exports the application's own entities, and their stores. */
  readonly ownEntities?: OwnEntities | undefined;
  /** Whether items may be changed. */
  readonly writable: boolean;
  /** Gets what is no error of this package, which the page is not told. */
  readonly onError: (error: unknown) => void;
}

/** The most bytes of a request: an item in a form, and its JSON. */
const mostBytes = 2_000_000;

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    about,
    survey,
    browse,
    item,
    raw,
    pattern,
    history,
    save,
    remove,
    undo,
    reveal,
  }),
);

/**
 * Makes the explorer's routes, for a listener on the loopback interface.
 * @throws ConfigurationError for a data layer that is none
 */
export function createExplorer(options: ExplorerOptions): DataHandler<unknown> {
  const explorer = explorerOf(options);
  const gate = new Gate(options);
  const route = async (request: Request): Promise<Response> => {
    try {
      const asked = gate.check(request);
      if (asked.kind === "file") return fileResponse(options.files, asked.path, asked.cookie);
      return await operationResponse(explorer, asked.name, request, options.onError);
    } catch (error) {
      if (error instanceof Refused) return refusedResponse(explorer, request, error);
      throw error;
    }
  };
  return { GET: route, POST: route, OPTIONS: route };
}

function explorerOf(options: ExplorerOptions): Explorer {
  const { data, meter, survey: surveyor, writable, ownEntities } = options;
  const source = sourceOf(data);
  if (source === undefined) {
    throw new ConfigurationError("explorer: data must be what createDataLayer returns");
  }
  const { definitions, configuration, userParts, encrypts } = source;
  const { tableName, environment, endpoint, region } = configuration;
  const stores = Object.entries(definitions).map(
    ([name, definition]) => [name, knownStore(name, definition)] as const,
  );
  const entities = describeEntities(definitions, userParts);
  return {
    data,
    source,
    meter,
    survey: surveyor,
    stores: new Map(stores),
    undos: new Undos(),
    about: {
      table: tableName,
      environment,
      place: endpoint === undefined ? `AWS${region === undefined ? "" : ` ${region}`}` : endpoint,
      writable,
      reveals: encrypts,
      ...(ownEntities !== undefined && { ownEntities }),
      unitsPerMinute: meter.budget().limit,
      entities,
      patterns: patternsOf({ data }, entities).map(({ id, group, title, inputs }) => ({
        ...{ id, group, title, inputs },
      })),
    },
  };
}

function fileResponse(
  files: ReadonlyMap<string, PageFile>,
  path: string,
  cookie: string | undefined,
): Response {
  const file = files.get(path);
  if (file === undefined) throw wrong("path", "is no file of the explorer", 404);
  const headers = { ...securityHeaders, "content-type": file.type };
  return new Response(file.body, {
    headers: cookie === undefined ? headers : { ...headers, "set-cookie": cookie },
  });
}

async function operationResponse(
  explorer: Explorer,
  name: string,
  request: Request,
  onError: ExplorerOptions["onError"],
): Promise<Response> {
  const operation = operations.get(name);
  if (operation === undefined) throw wrong("path", "is no operation of the explorer", 404);
  const json = objectIn(await textOf(request, mostBytes, request.signal));
  const calls: ShownCall[] = [];
  try {
    const input = inputOf(json);
    const value = await operation(visitOf(explorer, input, request.signal, calls));
    return replied(200, {
      value: encode(value, name, "result"),
      calls,
      budget: budgetOf(explorer),
    });
  } catch (error) {
    // Of one that the browser has ended, nobody wants to know.
    if (!isDynamoDBError(error) && !request.signal.aborted) onError(error);
    const { status } = toldError(error);
    const failure = failureOf(explorer, error);
    return replied(status, { failure, calls, budget: budgetOf(explorer) });
  }
}

const budgetOf = ({ meter }: Explorer) => meter.budget();

/** @throws ValidationError for what no page encodes so */
function inputOf(json: object): Readonly<Record<string, unknown>> {
  const input = decode(json, "explore", "input");
  if (isPlainMap(input)) return input as Readonly<Record<string, unknown>>;
  throw invalidAt({ operation: "explore" }, "input", "must be an object");
}

function replied(status: number, reply: Reply, more: Refused["headers"] = {}): Response {
  const headers = {
    ...securityHeaders,
    ...more,
    "content-type": "application/json; charset=utf-8",
  };
  return new Response(JSON.stringify(reply), { status, headers });
}

/**
 * What failed, in the words of the error: who looks at the page has started the command. Encoded, because it
 * may have an item.
 */
function failureOf({ stores }: Explorer, error: unknown): Failure {
  if (!isDynamoDBError(error)) {
    return { name: "Error", code: null, message: "the explorer failed", issues: [] };
  }
  const { name, code = null, message } = error;
  const issues = error instanceof ValidationError ? error.issues : [];
  const stored = error instanceof ConditionalCheckFailedError && storedOf(stores, error);
  return encode({ name, code, message, issues, ...stored }, "explore", "failure") as Failure;
}

/** The item of a conflict. The error knows its entity: the page would be believed which secrets it has. */
function storedOf(
  stores: Explorer["stores"],
  { entity, item }: ConditionalCheckFailedError,
): Pick<Failure, "item" | "keys"> {
  const known = [...stores.values()].find(({ model }) => model.name === entity);
  if (known === undefined || item === null) return { item: null };
  return withKeys(known, item as StoredItem);
}

/** A page for people, where one is asked for. */
function refusedResponse(explorer: Explorer, request: Request, refused: Refused): Response {
  const { error, status, headers: more } = refused;
  const failure = failureOf(explorer, error);
  if (new URL(request.url).pathname.startsWith("/api/")) {
    return replied(status, { failure, calls: [], budget: budgetOf(explorer) }, more);
  }
  const advice =
    status === 401
      ? "Open the address that bayon-data explore printed: it holds the token of this explorer."
      : error.message;
  const headers = {
    ...securityHeaders,
    ...more,
    "content-type": "text/plain; charset=utf-8",
  };
  return new Response(`${advice}\n`, { status, headers });
}

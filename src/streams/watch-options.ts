/** What `watch` takes. */

import { reading } from "../call/call.js";
import { optionNames, refuseUnknown } from "../call/options.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { isAbortSignal } from "../runtime/realms.js";
import type { CheckpointStore } from "./file-checkpoint.js";
import type { StreamRecord } from "./records.js";

/**
 * The SDK's client of streams, as `import * as sdk from "@aws-sdk/client-dynamodb-streams"` gives it. Its
 * types are not named here, because an application without `watch` does not install it.
 */
export interface StreamsSdk {
  readonly DynamoDBStreamsClient: new (config: never) => object;
  readonly DescribeStreamCommand: new (input: never) => object;
  readonly GetShardIteratorCommand: new (input: never) => object;
  readonly GetRecordsCommand: new (input: never) => object;
}

/** Changes that the stream has no longer: DynamoDB keeps them for 24 hours. */
export interface LostChanges {
  /** The shard that has lost them. */
  readonly shard: string;
  /** The sequence number of the last record that was read of it; `undefined` if none was. */
  readonly after: string | undefined;
}

/** The options of `watch`. */
export interface WatchOptions {
  /**
   * Where to begin: with what is stored from now on; with the oldest change that the stream still has; or
   * after the change of this checkpoint. Ignored if `checkpoints` has one. @default "now"
   */
  readonly from?: "now" | "start" | (string & {}) | undefined;
  /** Ends the iteration with an AbortedError whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where checkpoints are kept: read at the beginning, and saved when the changes of a page have been
   * handled, at most about once a second if they take longer, and once a minute if there are none.
   * `fileCheckpoint(path)` makes one. @default none: `change.checkpoint` is yours to save
   */
  readonly checkpoints?: CheckpointStore | undefined;
  /**
   * Called once, before the first change, with the checkpoint of the place where the reading begins: what
   * is stored from then on is among the changes.
   */
  readonly onStart?: ((checkpoint: string) => unknown) | undefined;
  /**
   * Called if changes may have been lost, because the reader was away for too long; the reading goes on
   * with the oldest ones there are. @default the iteration fails with `TrimmedDataAccessException`
   */
  readonly onLost?: ((lost: LostChanges) => unknown) | undefined;
  /** Gets the records of rows that no entity of the data layer owns. @default they are passed over */
  readonly onUnowned?: ((record: StreamRecord) => unknown) | undefined;
  /** How many requests are under way at a time, an integer from 1 to 1000. @default 10 */
  readonly parallel?: number | undefined;
  /**
   * The longest pause between two reads of a shard in which nothing changes, in ms, from 250: what it
   * costs is `60_000 / idleMs` requests per open shard and minute. @default 1000
   */
  readonly idleMs?: number | undefined;
  /**
   * How long a request may fail again and again (throttled, or without a network) until the iteration
   * fails, in ms. @default 60_000
   */
  readonly patienceMs?: number | undefined;
  /** `@aws-sdk/client-dynamodb-streams`, imported by you: for bundles. @default the installed one */
  readonly sdk?: StreamsSdk | undefined;
}

const watchOptionNames = optionNames<WatchOptions>({
  from: true,
  signal: true,
  checkpoints: true,
  onStart: true,
  onLost: true,
  onUnowned: true,
  parallel: true,
  idleMs: true,
  patienceMs: true,
  sdk: true,
});

const numbers = {
  parallel: { least: 1, most: 1_000, default: 10 },
  idleMs: { least: 250, most: 600_000, default: 1_000 },
  patienceMs: { least: 0, most: 86_400_000, default: 60_000 },
} as const;

/** The options, with every default filled in. */
export type WatchSettings = Omit<WatchOptions, "from" | keyof typeof numbers> & {
  readonly from: string;
} & { readonly [N in keyof typeof numbers]: number };

/** @throws ValidationError that names each wrong option */
export function watchSettings(options: WatchOptions): WatchSettings {
  const context = { operation: "watch" };
  return reading(context, () => {
    refuseUnknown(context, options, watchOptionNames);
    const { from = "now", signal, checkpoints, onStart, onLost, onUnowned, sdk } = options;
    const { parallel, idleMs, patienceMs } = options;
    const given = { parallel, idleMs, patienceMs };
    const issues = [
      ...Object.entries(given).flatMap(([name, value]) => numberIssues(name as never, value)),
      ...functionIssues({ onStart, onLost, onUnowned }),
    ];
    const add = (path: string, message: string) => issues.push({ path, message });
    if (typeof from !== "string") add("from", 'must be "now", "start" or a checkpoint');
    if (signal !== undefined && !isAbortSignal(signal)) add("signal", "must be an AbortSignal");
    if (checkpoints !== undefined && !isStore(checkpoints)) {
      add("checkpoints", "must have the functions load and save");
    }
    if (sdk !== undefined && !isSdk(sdk)) add("sdk", "must be @aws-sdk/client-dynamodb-streams");
    if (issues.length > 0) throw invalid(context, issues);
    return {
      ...{ from, signal, checkpoints, onStart, onLost, onUnowned, sdk },
      parallel: parallel ?? numbers.parallel.default,
      idleMs: idleMs ?? numbers.idleMs.default,
      patienceMs: patienceMs ?? numbers.patienceMs.default,
    };
  });
}

function numberIssues(name: keyof typeof numbers, value: unknown): ValidationIssue[] {
  const { least, most } = numbers[name];
  const isWell = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
  if (value === undefined || isWell) return [];
  return [{ path: name, message: `must be an integer from ${least} to ${most}` }];
}

function functionIssues(functions: object): ValidationIssue[] {
  return Object.entries(functions)
    .filter(([, given]) => given !== undefined && typeof given !== "function")
    .map(([path]) => ({ path, message: "must be a function" }));
}

function isStore(given: unknown): boolean {
  return isObject(given) && typeof given.load === "function" && typeof given.save === "function";
}

function isSdk(given: unknown): boolean {
  return isObject(given) && typeof given.DynamoDBStreamsClient === "function";
}

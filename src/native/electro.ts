/**
 * What this room uses of ElectroDB (3.9.3) that its types do not show. ElectroDB has no hook for what
 * a chain throws: listeners and loggers are notified of a failure, but cannot change it.
 */

/** What this room notes in the state of a chain: its first call. */
export const firstCall = Symbol("first call");

/** A chain's first call: `query.byKey({ userId })` is the clause `query` with these facets. */
export interface FirstCall {
  readonly clause: string;
  /** The method that was called, if it differs from the clause: `find` starts a query or a scan. */
  readonly method: string | undefined;
  readonly given: readonly unknown[];
}

/** The state of one chain, from its first call to `go`, `params` or `commit`. */
export interface ChainState {
  [firstCall]?: FirstCall;
  readonly query: {
    /** The index's name; empty for the table's own key. */
    readonly index: string;
    /** The parts of the index's keys. */
    readonly facets: { readonly pk: readonly string[]; readonly sk: readonly string[] };
  };
}

/** One call of a chain, for instance `where`, and the calls that may follow it. */
export interface Clause {
  readonly name: string;
  readonly children: readonly string[];
  readonly action?: (entity: unknown, state: ChainState, ...given: unknown[]) => unknown;
}

/** The first calls of a Service's collections. */
export const collectionClauses: readonly string[] = [
  "collection",
  "clusteredCollection",
  "compositeCollection",
];

export type Clauses = Readonly<Record<string, Clause>>;

/** The methods that chains end in, and those that start them. */
export interface ElectroEntity {
  readonly client: unknown;
  readonly model: {
    readonly entity: string;
    readonly translations: {
      readonly indexes: { readonly fromIndexToAccessPattern: Readonly<Record<string, string>> };
    };
  };
  /** Starts a chain: every public method that returns a chain calls it. */
  _makeChain(index: string | undefined, clauses: Clauses, root: Clause, options?: object): unknown;
  /** Sends what a chain or a transaction has built: one request, or one per page or batch. */
  go(method: string, parameters: unknown, config?: object): Promise<unknown>;
  /** Sends one request. */
  _exec(method: string, parameters: unknown, config?: object): Promise<unknown>;
  /** Reads the items of an index's keys, for the option `hydrate`. */
  hydrate(...given: unknown[]): Promise<unknown>;
  parse(item: object, options?: object): { readonly data: unknown };
}

/** A transaction as the Service creates it from a callback. */
export interface ElectroTransaction {
  go(options?: object): Promise<unknown>;
  params(options?: object): unknown;
}

export interface ElectroService {
  /** Adds an entity. */
  join(...given: unknown[]): unknown;
  readonly transaction: Record<"get" | "write", (callback: unknown) => ElectroTransaction>;
}

/** ElectroDB's number for a call that was ended by its `abortSignal`. */
const abortedCode = 4002;

/**
 * ElectroDB's numbers for faults of the entity or the client, and not of the call: no client, an
 * unknown identifier, an entity that cannot be joined, an invalid client, no table.
 */
const setupCodes: ReadonlySet<unknown> = new Set([1001, 1002, 1013, 1023, 2003]);

/** An error of ElectroDB, from any copy of it. */
export interface ElectroError extends Error {
  readonly isElectroError: true;
  readonly code: number;
  cause?: unknown;
  /** The message without the link to the manual that ends `message`. */
  readonly _message?: string | undefined;
  /** Present if several attributes were validated. */
  readonly fields?: readonly { readonly field: string; readonly reason?: string }[] | undefined;
  /** Present if one attribute was validated. */
  readonly field?: string | undefined;
}

export function isElectroError(value: unknown): value is ElectroError {
  return value instanceof Error && (value as Partial<ElectroError>).isElectroError === true;
}

/**
 * Whether this is the failure of a request: ElectroDB notes the request's parameters on what its
 * client threw.
 */
export function isRequestFailure(error: object): boolean {
  return Object.hasOwn(error, "__edb_params");
}

/** Whether an error says that the call's `abortSignal` ended it. */
export function saysAborted(error: unknown): error is ElectroError {
  return isElectroError(error) && error.code === abortedCode;
}

/** Whether an error is about the entity or the client, and not about the call. */
export function saysSetup(error: unknown): boolean {
  return isElectroError(error) && setupCodes.has(error.code);
}

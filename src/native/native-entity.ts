/** An ElectroDB entity whose chains throw the package's errors. */
import type { AnyEntity } from "../entity/model.js";
import { isObject } from "../runtime/objects.js";
import { onPartOf } from "../transport/electro-client.js";
import { type CallConfig, CallRequests, callRequests } from "./call-requests.js";
import {
  type ChainState,
  type Clause,
  type Clauses,
  collectionClauses,
  type ElectroEntity,
  firstCall,
} from "./electro.js";
import { refuseLongList, tooManyAttributes } from "./native-bounds.js";
import { contextOf } from "./native-call.js";
import { type NativeCall, nativeError } from "./native-errors.js";

type Method = (...given: unknown[]) => unknown;

const done = new WeakSet<object>();

/**
 * Makes an entity throw the package's errors, in place. It stays ElectroDB's own, and a Service may
 * be built from it. Its results are not touched.
 *
 * All chains come from one private method (`_makeChain`, ElectroDB 3.9.3), which gets a table of what
 * each call of a chain does. That table is replaced, once per entity, so no object of a chain is
 * wrapped.
 */
export function withOwnErrors<E extends AnyEntity>(entity: E): E {
  if (!done.has(entity)) {
    done.add(entity);
    // ElectroDB's types do not show the parts of a chain.
    new NativeEntity(entity as unknown as ElectroEntity).takeOver();
  }
  return entity;
}

/** Methods that start a chain under another name. */
const chainMethods: readonly string[] = ["find", "match"];

/** Public methods that send a request themselves, without a chain. */
const sendingMethods: readonly string[] = ["transactGet", "transactWrite"];

/** Public methods that send nothing and may throw. */
const otherMethods: readonly string[] = ["parse", "setIdentifier", "setClient", "addListeners"];

/** The methods that ElectroDB's `createConversions` calls. */
const conversion = /^_from\w+To\w+$/;

class NativeEntity {
  readonly #entity: ElectroEntity;
  /** The entity as ElectroDB sees it: its calls to its own methods throw the errors that it expects. */
  readonly #plain: ElectroEntity;
  readonly #ownClient: unknown;
  readonly #mappedTables = new WeakMap<Clauses, Clauses>();
  /**
   * The names of the clauses that collections can reach: their table is a different one for each
   * chain.
   */
  #collectionNames: readonly string[] | undefined;
  /** The public method that is starting a chain. */
  #starting: string | undefined;
  /** The requests of the call that began last. */
  #begun: CallRequests | undefined;

  constructor(entity: ElectroEntity) {
    this.#entity = entity;
    this.#ownClient = entity.client;
    this.#plain = Object.create(entity) as ElectroEntity;
  }

  takeOver(): void {
    this.#takeOverRequests();
    for (const name of chainMethods) this.#replace(name, (method) => this.#named(name, method));
    for (const name of sendingMethods) {
      this.#replace(name, (method) => this.#sending(name, method));
    }
    for (const name of otherMethods) {
      this.#replace(name, (method) => this.#other(`entity.${name}`, method, this.#entity));
    }
    for (const name of methodNames(this.#entity)) {
      if (!conversion.test(name)) continue;
      // Conversions call one another.
      this.#replace(name, (method) => this.#other("createConversions", method, this.#plain));
    }
  }

  #takeOverRequests(): void {
    const { _makeChain, go, hydrate, _exec } = this.#entity;
    const plain = this.#plain;
    define(plain, {
      _makeChain,
      hydrate,
      go: (method: string, parameters: unknown, config: CallConfig = {}) => {
        this.#begin(method, parameters, config);
        return go.call(plain, method, parameters, config);
      },
      _exec: (method: string, parameters: unknown, config: CallConfig = {}) => {
        const requests = config[callRequests];
        if (config.abortSignal?.aborted !== true) {
          const isOurs = (config.client ?? this.#entity.client) === this.#ownClient;
          requests?.begin(isOurs);
        }
        if (requests?.isBatch && isObject(parameters)) {
          onPartOf(parameters, (part) => requests.answered(parameters, part));
        }
        return _exec.call(plain, method, parameters, config).then((response) => {
          requests?.answered(parameters, response);
          return response;
        });
      },
    });
    define(this.#entity, {
      _makeChain: (index: string | undefined, clauses: Clauses, root: Clause, options?: object) =>
        _makeChain.call(this.#entity, index, this.#mapped(clauses, root, options), root, options),
      go: (method: string, parameters: unknown, config?: CallConfig) =>
        this.#transaction(method, parameters, config),
      hydrate: (...given: unknown[]) => hydrate.apply(plain, given),
    });
  }

  #replace(name: string, make: (method: Method) => Method): void {
    const method = (this.#entity as unknown as Record<string, unknown>)[name];
    if (typeof method !== "function") return;
    define(this.#plain, { [name]: method });
    define(this.#entity, { [name]: make(method as Method) });
  }

  /** `find` and `match` start a query or a scan. */
  #named(name: string, method: Method): Method {
    return (...given) => {
      const before = this.#starting;
      this.#starting = name;
      try {
        return method.apply(this.#entity, given);
      } catch (error) {
        throw nativeError(error, this.#callOf(`entity.${name}`));
      } finally {
        this.#starting = before;
      }
    };
  }

  #other(operation: string, method: Method, of: ElectroEntity): Method {
    return (...given) => {
      try {
        return method.apply(of, given);
      } catch (error) {
        throw nativeError(error, this.#callOf(operation));
      }
    };
  }

  #sending(name: string, method: Method): Method {
    return (parameters, options) => {
      const config: CallConfig = { ...(options as object) };
      const send = () => {
        this.#begin(name, parameters, config);
        return method.call(this.#plain, parameters, config) as Promise<unknown>;
      };
      return this.#mapping(send, () => ({
        ...this.#callOf(`entity.${name}`),
        signal: config.abortSignal,
      }));
    };
  }

  #callOf(operation: string): NativeCall {
    return { context: { operation, entity: this.#entity.model.entity } };
  }

  /**
   * A transaction of the Service, or of ElectroDB's `createWriteTransaction`, which one of its
   * entities sends.
   */
  #transaction(
    method: string,
    parameters: unknown,
    config: CallConfig | undefined,
  ): Promise<unknown> {
    const kind = method === "transactGet" ? "get" : "write";
    return this.#mapping(
      () => this.#plain.go(method, parameters, config),
      () => ({
        context: { operation: `service.transaction.${kind}` },
        signal: config?.abortSignal,
      }),
    );
  }

  /** Starts watching the requests of a call. */
  #begin(method: string, parameters: unknown, config: CallConfig): void {
    this.#begun = new CallRequests(method, parameters);
    config[callRequests] = this.#begun;
  }

  /** Runs a function that calls `go`, and maps what it throws. */
  #mapping(send: () => Promise<unknown>, call: () => NativeCall): Promise<unknown> {
    this.#begun = undefined;
    const sent = send();
    // Set before `send` returned, if any request was begun.
    const requests = this.#begun;
    return sent.then(undefined, (error: unknown) => {
      throw nativeError(error, { format: this.#format, ...call(), requests });
    });
  }

  readonly #format = (item: object): unknown => this.#plain.parse({ Item: item }).data;

  /** The same calls of a chain, but throwing the package's errors. */
  #mapped(clauses: Clauses, root: Clause, options: object | undefined): Clauses {
    if ((options as { _isCollectionQuery?: true } | undefined)?._isCollectionQuery) {
      this.#collectionNames ??= reachable(clauses, collectionClauses);
      return this.#tableOf(clauses, root, this.#collectionNames);
    }
    let mapped = this.#mappedTables.get(clauses);
    if (mapped === undefined) {
      mapped = this.#tableOf(clauses, root, Object.keys(clauses));
      this.#mappedTables.set(clauses, mapped);
    }
    return mapped;
  }

  #tableOf(clauses: Clauses, root: Clause, names: readonly string[]): Clauses {
    const table = { ...clauses };
    for (const name of names) {
      const clause = clauses[name];
      if (clause !== undefined) table[name] = this.#clause(name, clause, root);
    }
    return table;
  }

  #clause(name: string, clause: Clause, root: Clause): Clause {
    const { action } = clause;
    if (action === undefined) return clause;
    if (clause.name === "go") return { ...clause, action: this.#go(action) };
    const isFirst = root.children.includes(name);
    // A committed operation names its entity, which is the one that the caller has.
    const entity = clause.name === "commit" ? this.#entity : this.#plain;
    return {
      ...clause,
      action: (_, state, ...given) => {
        if (isFirst) state[firstCall] = { clause: name, method: this.#starting, given };
        if (isFirst) refuseLongList(given, () => contextOf(this.#entity, state));
        try {
          return action(entity, state, ...given);
        } catch (error) {
          throw nativeError(error, this.#chainOf(state));
        }
      },
    };
  }

  #go(action: NonNullable<Clause["action"]>): NonNullable<Clause["action"]> {
    return (_, state, options) => {
      // A copy: the caller's list may change while the requests are sent.
      const [list] = state[firstCall]?.given ?? [];
      const inputs: readonly unknown[] | undefined = Array.isArray(list) ? [...list] : undefined;
      return this.#mapping(
        () => {
          const refused = tooManyAttributes(options, () => contextOf(this.#entity, state));
          if (refused !== undefined) return Promise.reject(refused);
          return action(this.#plain, state, options) as Promise<unknown>;
        },
        () => ({
          ...this.#chainOf(state),
          inputs,
          signal: (options as CallConfig | null | undefined)?.abortSignal,
        }),
      );
    };
  }

  #chainOf(state: ChainState): NativeCall {
    return { context: contextOf(this.#entity, state) };
  }
}

/** The clauses that a chain can reach. */
function reachable(clauses: Clauses, first: readonly string[]): string[] {
  const names = new Set(first);
  // Iterating over a set also visits what is added meanwhile.
  for (const name of names) for (const child of clauses[name]?.children ?? []) names.add(child);
  return [...names];
}

/** The names of all methods, including those of its classes. */
function methodNames(entity: object): string[] {
  const names = new Set<string>();
  let of: object | null = entity;
  while (of !== null && of !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(of)) names.add(name);
    of = Object.getPrototypeOf(of);
  }
  return [...names];
}

/**
 * Replaces methods without making them enumerable, so that inspecting the entity does not show them.
 */
function define(target: object, methods: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(methods)) {
    const hidden = { enumerable: false, configurable: true, writable: true };
    Object.defineProperty(target, name, { ...hidden, value });
  }
}

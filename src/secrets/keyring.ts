/** The keys of one cipher, fetched once and kept ready for use. */
import { ConfigurationError } from "../errors/configuration-error.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { isRetryableError } from "../errors/retryable.js";
import { idRule, isId, isKey, keyRule, type Provider } from "./key-provider.js";
import { type SealingKey, sealingKeyOf } from "./sealing.js";

/** The key that encrypts, ready for use. */
export interface CurrentKey {
  readonly id: string;
  readonly key: SealingKey;
}

export class Keyring {
  readonly #provider: Provider;
  readonly #source: string;
  readonly #known = new Map<string, Promise<SealingKey>>();

  /** @param source how messages name the option */
  constructor(provider: Provider, source: string) {
    this.#provider = provider;
    this.#source = source;
  }

  /** @throws DynamoDBError with the code `KeyProviderError`, or ConfigurationError */
  async currentKey(): Promise<CurrentKey> {
    const { id, key } = await this.#asked("currentKey", async () => {
      const given: unknown = await this.#provider.currentKey();
      // Each is read only once, here, because a getter may throw.
      const { id, key } = (given ?? {}) as { readonly id?: unknown; readonly key?: unknown };
      return { id, key };
    });
    if (!isId(id) || !isKey(key)) {
      const rule = `must give an id (${idRule}) and a key (${keyRule})`;
      throw new ConfigurationError(`${this.#source}.currentKey() ${rule}`);
    }
    const ready = sealingKeyOf(key);
    this.#known.set(id, ready);
    return { id, key: await ready };
  }

  /**
   * The key with an id, or `undefined` if the provider does not know it. An unknown id is requested
   * again the next time.
   * @throws DynamoDBError with the code `KeyProviderError`, or ConfigurationError
   */
  keyOf(id: string): Promise<SealingKey | undefined> {
    return this.#asked("keyOf", () => this.#keyOf(id));
  }

  async #keyOf(id: string): Promise<SealingKey | undefined> {
    const asking = this.#known.get(id) ?? this.#load(id);
    this.#known.set(id, asking);
    try {
      return await asking;
    } catch (error) {
      if (this.#known.get(id) === asking) this.#known.delete(id);
      if (error instanceof UnknownKey) return undefined;
      throw error;
    }
  }

  async #load(id: string): Promise<SealingKey> {
    const bytes: unknown = await this.#provider.keyOf(id);
    if (bytes === null || bytes === undefined) throw new UnknownKey();
    if (isKey(bytes)) return sealingKeyOf(bytes);
    throw new ConfigurationError(`${this.#source}.keyOf() must give ${keyRule} or null`);
  }

  /** Runs a provider's call. What it throws is never DynamoDB's error, even if it looks like one. */
  async #asked<T>(call: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const message = `${this.#source}.${call}() failed: nothing is encrypted or decrypted without its key`;
      const retryable = isRetryableError(error);
      throw new DynamoDBError({ message, code: "KeyProviderError", retryable, cause: error });
    }
  }
}

/** Rejects all calls that wait for the same unknown key. */
class UnknownKey extends Error {}

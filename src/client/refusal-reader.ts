/**
 * Has the SDK read a refusal that it did not receive itself, so that the error is the SDK's own, and the SDK
 * learns the service's time. A client of its own does so: it needs neither credentials nor an endpoint, which
 * may be late, or fail, just when a refusal arrives.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { handingOn, passOn, takingHandedOn } from "./handed-on.js";
import { type OperationName, operations, type PlainOperation } from "./operations.js";
import { type Protocol, protocolWith, type Response, type ValueForm } from "./protocol.js";

/** What the SDK knows of the service's time. */
interface Clock {
  systemClockOffset: number;
}

/** Nothing of it leaves the process. */
const nowhere = {
  region: "us-east-1",
  endpoint: "http://localhost",
  credentials: { accessKeyId: "none", secretAccessKey: "none" },
  signer: { sign: async <R>(request: R) => request },
  requestHandler: {
    handle: async () => {
      throw new Error("a refusal that is read is not sent");
    },
  },
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  accountIdEndpointMode: "disabled",
  cacheMiddleware: true,
} as const;

export class RefusalReader {
  readonly #client: DynamoDBClient;
  readonly #send: (command: object) => Promise<unknown>;

  /**
   * @param given the options of the client that sends
   * @param form the form of the values
   * @param clock the configuration of the client that sends: what is learnt of the time is learnt for it
   * @param send the SDK's own method, which nobody has replaced
   */
  constructor(
    given: DynamoDBClientConfig,
    form: ValueForm,
    clock: Clock,
    send: DynamoDBClient["send"],
  ) {
    this.#client = new DynamoDBClient({
      ...given,
      ...nowhere,
      requestHandler: takingHandedOn(nowhere.requestHandler),
    });
    this.#send = send.bind(this.#client) as (command: object) => Promise<unknown>;
    passOn(this.#client);
    const config = this.#client.config as unknown as { protocol: Protocol };
    config.protocol = protocolWith(config.protocol, form);
    Object.defineProperty(config, "systemClockOffset", {
      enumerable: true,
      get: () => clock.systemClockOffset,
      set: (offset: number) => {
        clock.systemClockOffset = offset;
      },
    });
  }

  /** The SDK's error for a response that is none of a request's success. */
  async read(name: OperationName, input: object, response: Response): Promise<unknown> {
    const { command: Plain }: PlainOperation = operations[name];
    try {
      await this.#send(new Plain(handingOn(input, { answer: response }) as never));
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

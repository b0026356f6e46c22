/**
 * Has the SDK read a refusal that it did not receive itself, so that the error is the SDK's own, and the SDK
 * learns the service's time. A client of its own does so, which needs neither credentials nor a region: they
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

type Read = (name: OperationName, input: object, response: Response) => Promise<unknown>;

/**
 * @param given the options of the client that sends
 * @param form the form of the values
 * @param clock the configuration of the client that sends: what is learnt of the time is learnt for it
 * @param send the SDK's own method, which nobody has replaced
 * @returns a function that returns the SDK's error for a response
 */
export function refusalReader(
  given: DynamoDBClientConfig,
  form: ValueForm,
  clock: Clock,
  send: (...given: never[]) => unknown,
): Read {
  const client = new DynamoDBClient({
    ...given,
    region: "us-east-1",
    endpoint: undefined as never,
    accountIdEndpointMode: "disabled",
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
    signer: { sign: async (request) => request as never },
    // It has no handler of its own: nothing of it leaves the process.
    requestHandler: takingHandedOn({} as never),
    cacheMiddleware: true,
  });
  passOn(client);
  const config = client.config as unknown as { protocol: Protocol };
  config.protocol = protocolWith(config.protocol, form);
  Object.defineProperty(config, "systemClockOffset", {
    get: () => clock.systemClockOffset,
    set: (offset: number) => {
      clock.systemClockOffset = offset;
    },
  });
  return async (name, input, answer) => {
    const { command: Plain }: PlainOperation = operations[name];
    try {
      await send.call(client, new Plain(handingOn(input, { answer }) as never) as never);
    } catch (error) {
      return error;
    }
    return undefined;
  };
}

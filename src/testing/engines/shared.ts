/** One engine for several processes: its place is in an environment variable, which children inherit. */
import { parsedUrl, variables } from "../../client/config.js";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { isObject } from "../../runtime/objects.js";
import { type Engine, type EngineCapabilities, type EngineName, engineAt } from "./contract.js";

/** What the variable holds, as JSON. */
interface Place {
  readonly name: EngineName;
  readonly endpoint: string;
  readonly capabilities: EngineCapabilities;
}

/** Where {@link announce} leaves the place of an engine. */
export const engineVariable = "COAGENT_TEST_ENGINE";

/** Tells this process and those that it starts where the engine is. */
export function announce({ name, endpoint, capabilities }: Engine): void {
  const place: Place = { name, endpoint, capabilities };
  const own: Record<string, string | undefined> = variables();
  own[engineVariable] = JSON.stringify(place);
}

/** Takes back what {@link announce} said, if it said it of this engine. */
export function withdraw({ endpoint }: Engine): void {
  const own: Record<string, string | undefined> = variables();
  if (own[engineVariable]?.includes(JSON.stringify(endpoint))) delete own[engineVariable];
}

/**
 * The engine that this process, or one that it comes from, has announced. Closing it does nothing.
 * @throws ConfigurationError if the variable holds something else
 */
export function announced(): Engine | undefined {
  const text = variables()[engineVariable];
  if (text === undefined) return undefined;
  const { name, endpoint, capabilities } = placeOf(text);
  return engineAt(name, endpoint, capabilities, () => Promise.resolve());
}

function placeOf(text: string): Place {
  try {
    const place = JSON.parse(text) as Place;
    const isHttp = /^https?:$/.test(parsedUrl(place.endpoint)?.protocol ?? "");
    if (isHttp && isObject(place.capabilities)) return place;
  } catch {
    // Said below: whatever is wrong with it, this package has not written it.
  }
  throw new ConfigurationError(
    `${engineVariable} is not what shareEngine writes: leave this variable to it`,
  );
}

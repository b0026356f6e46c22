/** What stands for functions and classes where there is no Node.js. */
import { ConfigurationError } from "./configuration-error.js";

/** Stands for a function or a class of the data layer in an edge runtime or a browser. */
export function needsNode(name: string) {
  return function refuse(): never {
    throw new ConfigurationError(
      `${name} is part of the data layer, which needs the Node.js runtime, and this is an edge ` +
        'runtime or a browser: in Next.js, export const runtime = "nodejs" from the page or route; ' +
        "in a Jest test, @jest-environment node",
    );
  };
}

/** Faults that `faults` does not have: refused access, and a request that is held. */
import {
  failure,
  type HandlerAnswer,
  type HandlerRequest,
} from "../../src/testing/faults/exchange.js";
import { FaultyRequestHandler } from "../../src/testing/faults.js";

/** A wire that also refuses access, and holds a request until its caller has given up. */
export class Wire extends FaultyRequestHandler {
  /** The requests that are refused, by their number from now. */
  denied: ReadonlySet<number> = new Set();
  /** Called for each request: it gets no answer. */
  onHeld: (() => void) | undefined;
  #seen = 0;

  override clear(): this {
    this.denied = new Set();
    this.onHeld = undefined;
    this.#seen = 0;
    return super.clear();
  }

  override async handle(
    request: HandlerRequest,
    options?: Parameters<FaultyRequestHandler["handle"]>[1],
  ): Promise<HandlerAnswer> {
    this.#seen += 1;
    if (this.denied.has(this.#seen)) return failure(400, "AccessDeniedException", "not yours");
    if (this.onHeld === undefined) return super.handle(request, options);
    this.onHeld();
    return new Promise(() => undefined);
  }
}

/**
 * What befalls the requests of each test, as its plan says, over the package's own fault proxy. Requests
 * are told apart by the id of their test, which stands in their keys: many tests run at the same time,
 * whatever client sends for them.
 */
import { randomUUID } from "node:crypto";
import {
  type FaultProxy,
  startFaultProxy,
  type WireAnswer,
  type WireCall,
  type WireFault,
} from "../../src/testing/fault-proxy.js";

/** What an attempt is answered. */
export type Reply =
  /** What the engine says. */
  | "answer"
  /** A head that announces more than comes. */
  | "cut"
  /** Nothing: the test ends the call in its own way. */
  | "end"
  /** A fault of the proxy's that makes up its answer. */
  | Extract<WireFault, "reset" | "tlsAlert" | "badStatusLine">
  | WireAnswer;

/** What befalls one attempt. */
export interface Step {
  /**
   * Whether the engine gets the request: before the reply, never, or once the call has ended, as one
   * that was stuck on its way. Of a batch `half` carries out one half and leaves the other unprocessed.
   */
  readonly carry: "now" | "never" | "late" | "half";
  readonly reply: Reply;
}

/** The steps of a call's attempts; those after the last one are answered as that is. */
export type Plan = readonly [Step, ...Step[]];

interface Armed {
  readonly plan: Plan;
  readonly onEnd: () => void;
  readonly late: (() => Promise<unknown>)[];
  attempts: number;
}

/** Reads are not what is judged, and a faulty one ends nothing that was written. */
const reads = /^(GetItem|BatchGetItem|Query|Scan|DescribeTable|TransactGetItems)$/;

const cut: WireAnswer = {
  status: 200,
  headers: { "content-length": "1000", connection: "close" },
  body: '{"Attributes":',
};

export class Plans {
  readonly #proxy: FaultProxy;
  readonly #armed = new Map<string, Armed>();

  private constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
    proxy.inject({ times: Number.POSITIVE_INFINITY, answer: (call) => this.#answer(call) });
  }

  static async start(engine: string): Promise<Plans> {
    return new Plans(await startFaultProxy({ target: engine }));
  }

  get endpoint(): string {
    return this.#proxy.url;
  }

  /** @param onEnd called where a step's reply is `end`, each time */
  arm(id: string, plan: Plan, onEnd: () => void): void {
    this.#armed.set(id, { plan, onEnd, late: [], attempts: 0 });
  }

  /** Lets what was stuck arrive. @returns how many attempts there were */
  async settle(id: string): Promise<number> {
    const armed = this.#armed.get(id);
    for (const arrive of armed?.late ?? []) await arrive();
    return armed?.attempts ?? 0;
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }

  async #answer(call: WireCall): Promise<WireAnswer | WireFault | undefined> {
    const [id = ""] = /case-\d+x/.exec(JSON.stringify(call.input)) ?? [];
    const armed = this.#armed.get(id);
    if (armed === undefined || reads.test(call.operation)) return undefined;
    const step = armed.plan[Math.min(armed.attempts, armed.plan.length - 1)] as Step;
    armed.attempts += 1;
    const carried = await carry(step, call, armed);
    const { reply } = step;
    if (reply === "answer") return carried;
    if (reply === "end") {
      armed.onEnd();
      return "noAnswer";
    }
    if (reply === "cut") return withOwnId({ ...cut, headers: { ...cut.headers, [idHeader]: "" } });
    return typeof reply === "string" ? reply : withOwnId(reply);
  }
}

const idHeader = "x-amzn-requestid";

/** An id is given once: an answer that a connection gave before is no answer. */
function withOwnId(answer: WireAnswer): WireAnswer {
  const { headers = {} } = answer;
  if (!(idHeader in headers)) return answer;
  return { ...answer, headers: { ...headers, [idHeader]: randomUUID() } };
}

async function carry(step: Step, call: WireCall, armed: Armed): Promise<WireAnswer> {
  if (step.carry === "now") return call.forward();
  if (step.carry === "late") armed.late.push(() => call.forward());
  if (step.carry !== "half") return { status: 500, body: "{}" };
  const { RequestItems } = call.input as { readonly RequestItems: Record<string, unknown[]> };
  const [table, requests] = Object.entries(RequestItems)[0] as [string, unknown[]];
  const taken = Math.ceil(requests.length / 2);
  const half = { ...call.input, RequestItems: { [table]: requests.slice(0, taken) } };
  const answer = await call.forward(half);
  const left = requests.slice(taken);
  const UnprocessedItems = left.length === 0 ? {} : { [table]: left };
  const body = JSON.stringify({ ...(JSON.parse(answer.body) as object), UnprocessedItems });
  return { ...answer, body };
}

/** What may befall a call's requests: the columns of the truth table. */
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import type { Plan, Reply, Step } from "./plans.js";

/** How a call is ended from without while an attempt is under way. */
export type Ending = "close" | "timeout" | { readonly reason: unknown };

export interface Fault {
  readonly name: string;
  readonly plan: Plan;
  readonly ending?: Ending;
  /** It needs a batch of more than one. */
  readonly batch?: boolean;
  /**
   * What must come of it, beside the truth: nothing was done for certain, and the error says so; or the
   * call succeeds. Not said: whatever is true.
   */
  readonly must?: "refuse" | "succeed";
}

const pass: Step = { carry: "now", reply: "answer" };

const refusal = (name: string, status = 400): Reply => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "no" }),
  headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "refused" },
});

const denied: Step = { carry: "never", reply: refusal("AccessDeniedException") };
const throttled: Step = { carry: "never", reply: refusal("ThrottlingException") };

const json = { "content-type": "application/json" };

/** Replies after which nobody knows what became of the request. */
const unclear: Readonly<Record<string, Reply>> = {
  "a torn connection": "reset",
  "an answer that is cut off": "cut",
  "an InternalServerError": refusal("InternalServerError", 500),
  "a 503": { status: 503, body: "<html>busy</html>" },
  "a gateway's 403 in HTML": { status: 403, body: "<html>forbidden</html>" },
  "a gateway's 403 in JSON": { status: 403, body: '{"message":"Forbidden"}', headers: json },
  "a gateway's 403 with its own header": {
    status: 403,
    body: '{"message":"Forbidden"}',
    headers: { ...json, "x-amzn-errortype": "ForbiddenException" },
  },
  "a gateway's 403 with a code": {
    status: 403,
    body: '{"code":"Forbidden","message":"no"}',
    headers: json,
  },
  "a gateway's 403 with a number": { status: 403, body: '{"code":403}', headers: json },
  "a 404 without a body": { status: 404, body: "" },
  "a 408 without a body": { status: 408, body: "" },
  "a 499": { status: 499, body: "" },
  "a 302": { status: 302, body: "", headers: { location: "http://127.0.0.1:1/login" } },
  "an empty 200": { status: 200, body: "" },
  "an empty object of nobody's": { status: 200, body: "{}", headers: json },
  "foreign JSON": { status: 200, body: '{"error":"login required"}', headers: json },
  "an array": { status: 200, body: "[]", headers: json },
  null: { status: 200, body: "null", headers: json },
  garbage: "tlsAlert",
  "a bad status line": "badStatusLine",
  "a transaction that is still under way": refusal("TransactionInProgressException"),
};

/** Reasons of an abort that say nothing about the request, whatever they look like. */
const reasons: Readonly<Record<string, unknown>> = {
  "no reason": undefined,
  "a text": "enough",
  "a ValidationError of ours": new ValidationError("mine"),
  "a ConditionalCheckFailedError of ours": new ConditionalCheckFailedError("mine"),
  "a ConfigurationError of ours": new ConfigurationError("mine"),
  "an UnprocessedItemsError of ours": new UnprocessedItemsError("mine", [{}], 7),
  "a service's error": Object.assign(new Error("mine"), {
    name: "ValidationException",
    $fault: "client",
    $metadata: { httpStatusCode: 400 },
  }),
  "a refused connection": Object.assign(new Error("mine"), { code: "ECONNREFUSED" }),
};

const carries = { "carried out": "now", "not carried out": "never", stuck: "late" } as const;

function* all(): Generator<Fault> {
  for (const [what, reply] of Object.entries(unclear)) {
    for (const [how, carry] of Object.entries(carries)) {
      const lost: Step = { carry, reply };
      yield { name: `${how}, ${what} each time`, plan: [lost] };
      // Whoever is refused for good afterwards knows no more of the first attempt.
      yield { name: `${how}, ${what}, then access denied`, plan: [lost, denied] };
      if (carry !== "late") yield { name: `${how}, ${what}, then well`, plan: [lost, pass] };
    }
    yield {
      name: `half of a batch, then ${what} each time`,
      plan: [
        { carry: "half", reply: "answer" },
        { carry: "now", reply },
      ],
      batch: true,
    };
  }
  yield { name: "stuck, then well", plan: [{ carry: "late", reply: "reset" }, pass] };
  yield { name: "throttled each time", plan: [throttled], must: "refuse" };
  yield { name: "throttled, then well", plan: [throttled, pass], must: "succeed" };
  yield { name: "access denied", plan: [denied], must: "refuse" };
  for (const name of [
    "ValidationException",
    "ResourceNotFoundException",
    "ExpiredTokenException",
  ]) {
    yield { name, plan: [{ carry: "never", reply: refusal(name) }], must: "refuse" };
  }
  const half: Step = { carry: "half", reply: "answer" };
  yield { name: "half of a batch each time", plan: [half], batch: true };
  yield { name: "half of a batch, then access denied", plan: [half, denied], batch: true };
  yield { name: "half of a batch, then throttled", plan: [half, throttled], batch: true };
  yield {
    name: "half of a batch, then refused as invalid",
    plan: [half, { carry: "never", reply: refusal("ValidationException") }],
    batch: true,
  };
  for (const [how, carry] of Object.entries(carries)) {
    const last: Step = { carry, reply: "end" };
    const endings: [string, Ending][] = [
      ["close()", "close"],
      ["a time-out", "timeout"],
      ...Object.entries(reasons).map(([name, reason]): [string, Ending] => [
        `an abort for ${name}`,
        { reason },
      ]),
    ];
    for (const [name, ending] of endings) {
      yield { name: `${how}, and ${name} meanwhile`, plan: [last], ending };
      yield {
        name: `half of a batch, then the rest ${how}, and ${name} meanwhile`,
        plan: [half, last],
        ending,
        batch: true,
      };
      yield {
        name: `${how}, a torn connection, then ${name}`,
        plan: [
          { carry, reply: "reset" },
          { carry: "never", reply: "end" },
        ],
        ending,
      };
    }
  }
}

export const faults: readonly Fault[] = [...all()];

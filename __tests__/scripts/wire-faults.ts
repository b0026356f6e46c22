/**
 * What breaks on the wire between a whole command and its engine, as rules of the fault proxy: its own
 * faults, and answers that only somebody who knows DynamoDB would give.
 */
import { randomUUID } from "node:crypto";
import {
  type FaultProxy,
  startFaultProxy,
  type WireAnswer,
  type WireCall,
  type WireRule,
} from "../../src/testing/index.js";

/** The operations that read and write items, of those that commands send. */
export const ofItems = [
  "Scan",
  "GetItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchGetItem",
  "BatchWriteItem",
] as const;

/** An answer with all that DynamoDB's has: an id that no other has, too. */
const own = (body: object, status = 200): WireAnswer => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": randomUUID() },
  body: JSON.stringify(body),
});

/** A page of a scan by somebody else. */
const page = (answer: () => WireAnswer): WireRule => ({
  operation: "Scan",
  answer: async () => answer(),
});

interface Page {
  readonly Items?: readonly object[];
  readonly LastEvaluatedKey?: object;
}

/** The engine's page with its members changed; `undefined` lets it pass. */
const changed = (change: (page: Page) => object | undefined): WireRule => ({
  operation: "Scan",
  answer: async ({ forward }) => {
    const answer = await forward();
    const members = change(JSON.parse(answer.body) as Page);
    return members && { ...answer, body: JSON.stringify(members) };
  },
});

async function halfOfBatch({ operation, input, forward }: WireCall) {
  const [[table, requests] = []] = Object.entries((input.RequestItems ?? {}) as object) as [
    string,
    object[] | { readonly Keys: object[] },
  ][];
  if (table === undefined || requests === undefined) return undefined;
  const all = Array.isArray(requests) ? requests : requests.Keys;
  // Nothing of a batch of one is left to be answered.
  if (all.length < 2) return undefined;
  const half = Math.ceil(all.length / 2);
  const of = (some: object[]) => ({
    [table]: Array.isArray(requests) ? some : { ...requests, Keys: some },
  });
  const answer = await forward({ ...input, RequestItems: of(all.slice(half)) });
  const left = operation === "BatchGetItem" ? "UnprocessedKeys" : "UnprocessedItems";
  const body = { ...(JSON.parse(answer.body) as object), [left]: of(all.slice(0, half)) };
  return { ...answer, body: JSON.stringify(body) };
}

/** What breaks on the wire, by its name. */
export const wireFaults = {
  "an empty 200": { fault: "emptyBody" },
  "a 200 that says {}": { fault: "emptyObject" },
  "a 200 of somebody else's JSON": { fault: "foreignJson" },
  "an end of the scan without a request id": page(() => ({
    ...own({ Items: [], Count: 0, ScannedCount: 0 }),
    headers: { "content-type": "application/x-amz-json-1.0" },
  })),
  "an end of the scan that scanned nothing": page(() => own({ Items: [], Count: 0 })),
  "an item without a key": page(() => own({ Items: [{}], Count: 1, ScannedCount: 1 })),
  "a page without its items": changed(({ Items: _, LastEvaluatedKey: __, ...rest }) => rest),
  "a page with fewer items than it counts": changed(({ Items: items = [], ...rest }) =>
    items.length === 0 ? undefined : { ...rest, Items: items.slice(1) },
  ),
  "a value of another kind": changed(({ Items: [first, ...others] = [], ...rest }) =>
    first === undefined
      ? undefined
      : { ...rest, Items: [{ ...first, Data: { SS: "abc" } }, ...others] },
  ),
  "a body that is cut off": { fault: "cutInBody" },
  "an answer that is lost": { fault: "closed", forward: true },
  "a throttle": {
    answer: async () => {
      const type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
      return own({ __type: type, message: "slower" }, 400);
    },
  },
  "half a batch": { operation: ["BatchGetItem", "BatchWriteItem"], answer: halfOfBatch },
} satisfies Record<string, WireRule>;

export type WireFaultName = keyof typeof wireFaults;

/** What breaks the acknowledgement of an update, by its name. */
export const updateFaults = {
  "an empty acknowledgement with a request id": {
    operation: "UpdateItem",
    answer: async () => own({}),
  },
  "an acknowledgement that names nothing": {
    operation: "UpdateItem",
    answer: async () => own({ Attributes: {} }),
  },
} satisfies Record<string, WireRule>;

/** An end of a scan that is no end, with all that an answer of DynamoDB's has. A count it leaves alone. */
export const forgedEnd: WireRule = {
  operation: "Scan",
  answer: async ({ input }) =>
    input.Select === undefined ? own({ Count: 0, ScannedCount: 0, Items: [] }) : undefined,
};

/**
 * The first of the requests that a fault can hit, and every seventh one from there. It is far more than
 * are under way at once: what is sent again would else meet the fault time after time.
 */
export const everySeventh = (rule: WireRule): WireRule => ({
  operation: ofItems,
  every: 7,
  times: Number.POSITIVE_INFINITY,
  ...rule,
});

/** How many requests were hit, since the last `clear()`. */
export const hitsOf = ({ requests }: FaultProxy): number =>
  requests.filter(({ fault }) => fault !== undefined).length;

/** The options that lead a command to a table through a proxy. */
export const flagsThrough = ({ url }: FaultProxy, table: string): string[] => [
  "--environment",
  "local",
  "--endpoint",
  url,
  "--table",
  table,
];

/**
 * A proxy of an engine that has at most so many items on a page of a scan, so that few items make
 * many pages. Faults are for a proxy before it.
 */
export async function smallPages(target: string, items: number): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target });
  return proxy.inject({
    operation: "Scan",
    answer: ({ input, forward }) => forward({ ...input, Limit: items }),
    times: Number.POSITIVE_INFINITY,
  });
}

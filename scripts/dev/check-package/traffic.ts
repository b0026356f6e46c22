/** Runs of the flow as text, without the parts that differ each time, for a comparison line by line. */
import type { Run } from "./recorder.js";

/** Times from the machine's own clock. The flow's clock is fixed in 2020. */
function isNow(time: number): boolean {
  return Math.abs(Date.now() - time) < 24 * 60 * 60 * 1000;
}

/**
 * Replaces random and momentary values by names in order of first appearance. So a token that is sent
 * twice gets the same name twice, and two tokens do not.
 */
function createNames(marks: readonly string[]): (text: string) => string {
  const names = new Map<string, string>();
  const named = (kind: string) => (found: string) => {
    const name = names.get(found) ?? `<${kind} ${names.size + 1}>`;
    names.set(found, name);
    return name;
  };
  const mark = new RegExp(marks.map((one) => `"${one}"`).join("|") || "$^", "g");
  return (text) =>
    text
      .replaceAll(mark, named("mark"))
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, named("uuid"))
      .replaceAll(/\beyJ[\w-]+(?:\.[\w-]*){4}/g, named("sealed"))
      .replaceAll(/\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g, named("id"))
      .replaceAll(/\b\d{13}\b/g, (digits) => (isNow(Number(digits)) ? "<now>" : digits))
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "<endpoint>");
}

/** The write marks in a request: they are random, and have no recognisable form. */
function marksOf(value: unknown, marks: string[] = []): string[] {
  if (typeof value !== "object" || value === null) return marks;
  const { UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues } = value as {
    UpdateExpression?: string;
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, { S?: string }>;
  };
  for (const [name, attribute] of Object.entries(ExpressionAttributeNames ?? {})) {
    if (attribute !== "WriteMark") continue;
    const placeholder = new RegExp(`${name} = (:\\w+)`).exec(UpdateExpression ?? "")?.[1] ?? "";
    const mark = ExpressionAttributeValues?.[placeholder]?.S;
    if (mark !== undefined) marks.push(mark);
  }
  for (const inner of Object.values(value)) marksOf(inner, marks);
  return marks;
}

/** An outcome with its fields in order: an engine returns those of an item in any order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, inOrder(inner)]));
}

/** Requests of one step that are sent at the same moment arrive in any order. */
const isAtOnce = (step: string): boolean => step.endsWith("at once");

export interface TextOptions {
  /** Whether the fields of a request are put in order. @default false: they stay as they were sent */
  readonly fieldsInOrder?: boolean;
}

/** One line for each request, and one for the outcome of each step. */
export function textOf(
  { requests, outcomes }: Run,
  { fieldsInOrder = false }: TextOptions = {},
): string[] {
  const bodyOf = (body: string) =>
    fieldsInOrder ? JSON.stringify(inOrder(JSON.parse(body))) : body;
  const ordered = [...requests];
  for (let start = 0; start < ordered.length; ) {
    const step = ordered[start]?.step ?? "";
    let end = start;
    while (end < ordered.length && ordered[end]?.step === step) end += 1;
    if (isAtOnce(step)) {
      const sorted = ordered
        .slice(start, end)
        .sort((a, b) => (bodyOf(a.body) < bodyOf(b.body) ? -1 : 1));
      ordered.splice(start, sorted.length, ...sorted);
    }
    start = end;
  }
  const marks = ordered.flatMap(({ body }) => marksOf(JSON.parse(body)));
  // The parts come in any order, so each is compared separately.
  const names = new Map<string, (text: string) => string>();
  const named = (line: string) => {
    const part = line.slice(0, line.indexOf(":"));
    const name = names.get(part) ?? createNames(marks);
    names.set(part, name);
    return name(line);
  };
  return [
    ...ordered.map(({ step, operation, body }) => named(`${step} > ${operation} ${bodyOf(body)}`)),
    ...outcomes.flatMap(({ part, outcomes: steps }) =>
      steps.map((outcome) =>
        named(`${part}: ${outcome.step} = ${JSON.stringify(inOrder(outcome))}`),
      ),
    ),
  ];
}

/** What the unbundled flow itself must show, before anything is compared with it. */
export function checkReference(run: Run): void {
  const steps = run.outcomes.flatMap(({ part, outcomes }) =>
    outcomes.map((outcome) => ({ ...outcome, name: `${part}: ${outcome.step}` })),
  );
  const wrong = steps.filter(({ unexpected }) => unexpected);
  if (wrong.length > 0) {
    const lines = wrong.map(
      ({ name, value, error }) => `${name}: ${JSON.stringify(error ?? value)}`,
    );
    throw new Error(`steps that ended wrongly:\n${lines.join("\n")}`);
  }
  for (const { name, error } of steps) {
    const sent = run.requests.filter(({ step }) => step === name);
    if (/first answer lost|left at first|throttled once/.test(name) && sent.length < 2) {
      throw new Error(`${name}: nothing was sent again, so no fault occurred`);
    }
    if (/all answers lost/.test(name) && error?.mayHaveBeenDone !== true) {
      throw new Error(`${name}: the error says that nothing was done`);
    }
    const bodies = new Set(sent.map(({ body }) => body));
    if (/transaction\.write.*answer lost/.test(name) && bodies.size !== 1) {
      throw new Error(`${name}: the repeated request was a different one`);
    }
  }
}

/** The lines of a run by step, in order. */
function byStep(lines: readonly string[]): Map<string, string[]> {
  const steps = new Map<string, string[]>();
  for (const line of lines) {
    const step = line.slice(0, line.search(/ [>=] /));
    steps.set(step, [...(steps.get(step) ?? []), line.slice(step.length + 1)]);
  }
  return steps;
}

/** Two lines, from shortly before the point where they differ. */
function parted(expected = "(nothing)", actual = "(nothing)"): string {
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  const from = Math.max(0, at - 60);
  const cut = (line: string) => `${from > 0 ? "…" : ""}${line.slice(from, from + 240)}`;
  return `unbundled ${cut(expected)}\n     here ${cut(actual)}`;
}

/**
 * @throws Error that names the steps that differ, and shows how the first one differs
 */
export function compareRuns(reference: readonly string[], run: readonly string[]): void {
  const expected = byStep(reference);
  const actual = byStep(run);
  const all = [...new Set([...expected.keys(), ...actual.keys()])];
  const differing = all.filter((step) => expected.get(step)?.join() !== actual.get(step)?.join());
  const [first] = differing;
  if (first === undefined) return;
  const [left, right] = [expected.get(first) ?? [], actual.get(first) ?? []];
  let index = 0;
  while (left[index] === right[index]) index += 1;
  throw new Error(
    [
      `${differing.length} of ${all.length} steps differ from the unbundled flow`,
      `${first}, line ${index + 1}:`,
      parted(left[index], right[index]),
      ...(differing.length > 1 ? [`and: ${differing.slice(1, 6).join("; ")}`] : []),
    ].join("\n"),
  );
}

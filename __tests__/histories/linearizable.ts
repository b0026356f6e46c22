/**
 * Whether a history of one item could have happened one call after the other (Wing and Gong, "Testing
 * and Verifying Concurrent Objects", 1993): each call takes effect at one moment between its begin
 * and its end; one whose outcome nobody knows at some later moment, or never.
 */

/** What a call did, seen from outside. `value` is unlike that of any other call. */
export type Event =
  | { readonly call: "get"; readonly value: string | null }
  | { readonly call: "create"; readonly value: string; readonly is: Is }
  | { readonly call: "update"; readonly value: string; readonly lock: number; readonly is: Is }
  | { readonly call: "delete"; readonly lock: number; readonly is: Is | "gone" };

/** Done; refused by what was there, or since nothing was; or nobody knows. */
type Is = "done" | "refused" | "missing" | "open";

export interface Span {
  readonly begin: number;
  readonly end: number;
  readonly event: Event;
}

/** @param timeOf the UpdatedAt that each value was seen with */
export function isLinearizable(
  spans: readonly Span[],
  timeOf: ReadonlyMap<string, number>,
  last: string | null,
): boolean {
  const isOpen = (span: Span) => "is" in span.event && span.event.is === "open";
  const tried = new Set<string>();

  /** @param done the calls that took effect, as a set of bits */
  const search = (done: number, state: string | null): boolean => {
    const left = spans.filter((_, index) => (done & (1 << index)) === 0);
    if (state === last && left.every(isOpen)) return true;
    const id = `${done} ${state}`;
    if (tried.has(id)) return false;
    tried.add(id);
    // Nobody can come before a call that had ended when it began.
    const firstEnd = Math.min(...left.map((span) => (isOpen(span) ? Infinity : span.end)));
    return spans.some((span, index) => {
      if ((done & (1 << index)) !== 0 || span.begin > firstEnd) return false;
      const next = after(span.event, state, timeOf);
      return next !== undefined && search(done | (1 << index), next);
    });
  };
  return search(0, null);
}

/** The state after a call, or `undefined` where it could not have come to what it came to. */
function after(
  event: Event,
  state: string | null,
  timeOf: ReadonlyMap<string, number>,
): string | null | undefined {
  if (event.call === "get") return event.value === state ? state : undefined;
  if (event.call === "create") {
    if (event.is === "refused") return state === null ? undefined : state;
    return state === null ? event.value : undefined;
  }
  const fits = state !== null && timeOf.get(state) === event.lock;
  if (event.is === "missing") return state === null ? state : undefined;
  if (event.is === "refused") return fits ? undefined : state;
  if (event.is === "gone" && state === null) return state;
  if (!fits) return undefined;
  return event.call === "delete" ? null : event.value;
}

/** The calls that were made, as TypeScript, with what they took. */
import { ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import { type MadeCall, useTraffic } from "./api.js";
import { CopyButton } from "./copy-button.js";
import { plural, unitsText } from "./format.js";

export function CallBar() {
  const { calls, budget } = useTraffic();
  const [isOpen, setOpen] = useState(false);
  // The first look at the table is nobody's click.
  const last = calls.find(({ code }) => !code.startsWith("//")) ?? calls[0];
  return (
    <section className="calls" data-open={isOpen} aria-label="Calls">
      <div className="calls-bar">
        <button
          type="button"
          className="icon"
          aria-expanded={isOpen}
          aria-label={isOpen ? "Hide the calls before" : "Show the calls before"}
          disabled={last === undefined}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <ChevronDown aria-hidden /> : <ChevronUp aria-hidden />}
        </button>
        {last === undefined ? (
          <span className="dim">Each click shows here the call that it made.</span>
        ) : (
          <>
            <code className="cut" data-testid="last-call">
              {last.code}
            </code>
            <CopyButton text={last.code} label="Copy the call" />
            <CostText call={last} />
          </>
        )}
        <span className="grow" />
        {budget !== undefined && (
          <span className="budget" title="Capacity units of the last minute, and the limit">
            <meter
              min={0}
              max={budget.limit}
              value={Math.min(budget.spent, budget.limit)}
              aria-label="Capacity units of the last minute"
            />
            {unitsText(budget.spent)} / {unitsText(budget.limit)}{" "}
            <span className="wide">units a minute</span>
          </span>
        )}
      </div>
      {isOpen && (
        // It scrolls, so it can be reached by the keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region takes the focus.
        <ol className="calls-list" tabIndex={0} aria-label="The calls so far, the newest first">
          {calls.map((call) => (
            <li key={call.id}>
              <pre>{call.code}</pre>
              <CopyButton text={call.code} label="Copy the call" />
              <CostText call={call} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function CostText({ call: { requests, readUnits, writeUnits, ms } }: { readonly call: MadeCall }) {
  const units = [
    ...(readUnits > 0 || writeUnits === 0 ? [`${unitsText(readUnits)} R`] : []),
    ...(writeUnits > 0 ? [`${unitsText(writeUnits)} W`] : []),
  ];
  return (
    <span className="cost" title="Requests, read and write units, milliseconds">
      {plural(requests, "request")} · {units.join(" + ")} · {ms} ms
    </span>
  );
}

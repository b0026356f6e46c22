/** The keyboard of a grid: which row has the focus, and what a key does with it. */
import { type KeyboardEvent, useState } from "react";

interface GridKeys {
  readonly count: number;
  /** Brings a row in sight, and gives it the focus. */
  readonly show: (index: number) => void;
  readonly onOpen: (index: number) => void;
  readonly onToggle: (index: number) => void;
}

const steps: ReadonlyMap<string, number> = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
  ["PageDown", 12],
  ["PageUp", -12],
  ["Home", Number.NEGATIVE_INFINITY],
  ["End", Number.POSITIVE_INFINITY],
]);

export function useGridKeys({ count, show, onOpen, onToggle }: GridKeys) {
  const [active, setActive] = useState(0);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps.get(event.key);
    const isOfRow = isRow(event.target) && active < count;
    if (step !== undefined) {
      const index = Math.max(0, Math.min(count - 1, active + step));
      setActive(index);
      show(index);
    } else if (event.key === "Enter" && isOfRow) onOpen(active);
    else if (event.key === " " && isOfRow) onToggle(active);
    else return;
    event.preventDefault();
  };
  return { active, setActive, onKeyDown };
}

const isRow = (target: EventTarget): boolean =>
  target instanceof HTMLElement && target.getAttribute("role") === "row";

/** Copies a text, and says so. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

interface CopyButtonProps {
  /** A long one is put together when it is copied. */
  readonly text: string | (() => string);
  readonly label: string;
  readonly disabled?: boolean;
}

export function CopyButton({ text, label, disabled = false }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 1_500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  };
  const told = { idle: label, copied: "Copied", failed: "The browser did not let it be copied" };
  return (
    <button
      type="button"
      className="icon"
      disabled={disabled}
      onClick={copy}
      title={told[state]}
      aria-label={told[state]}
    >
      {state === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
    </button>
  );
}

/** Copies a text, and says so. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
}

export function CopyButton({ text, label }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 1_500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  };
  const told = { idle: label, copied: "Copied", failed: "The browser did not let it be copied" };
  return (
    <button
      type="button"
      className="icon"
      onClick={copy}
      title={told[state]}
      aria-label={told[state]}
    >
      {state === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
    </button>
  );
}

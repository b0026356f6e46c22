/** A secret: masked, until somebody asks for it. It is read anew, and forgotten when the item is closed. */
import { useMutation } from "@tanstack/react-query";
import { LockKeyhole } from "lucide-react";
import type { SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { ask } from "./api.js";
import { valueText } from "./format.js";

interface SecretValueProps {
  readonly item: SentItem;
  readonly field: string;
}

export function SecretValue({ item: { store, key }, field }: SecretValueProps) {
  const { reveals } = useAbout();
  const asking = useMutation({
    mutationFn: () => ask<unknown>("reveal", { store, key, field }),
    gcTime: 0,
  });
  if (asking.data !== undefined) {
    return (
      <>
        <code>{valueText(asking.data)}</code>{" "}
        <button type="button" onClick={() => asking.reset()}>
          Mask
        </button>
      </>
    );
  }
  return (
    <span className="secret">
      <LockKeyhole aria-hidden /> masked
      {reveals && (
        <button type="button" disabled={asking.isPending} onClick={() => asking.mutate()}>
          Show
        </button>
      )}
      {asking.error !== null && <span className="bad">{asking.error.message}</span>}
    </span>
  );
}

/** Deletes an item, after a question. */
import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useRef } from "react";
import type { EditResult, SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { ask } from "./api.js";
import { titleOf } from "./format.js";
import { Failed } from "./state.js";
import { theirsOf } from "./theirs.js";

interface DeleteButtonProps {
  readonly item: SentItem;
  readonly onDeleted: (result: EditResult) => void;
  /** Given what somebody else has stored, so that nothing was deleted. */
  readonly onKept: (theirs: EditResult) => void;
}

export function DeleteButton({ item, onDeleted, onKept }: DeleteButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { reveals } = useAbout();
  const { store, key, updatedAt } = item;
  const deleting = useMutation({
    mutationFn: () => ask<EditResult>("remove", { store, key, updatedAt }),
    onSuccess: (result) => {
      dialog.current?.close();
      onDeleted(result);
    },
    onError: (error) => {
      const theirs = theirsOf(error);
      if (theirs === undefined) return;
      dialog.current?.close();
      onKept(theirs);
    },
  });
  const open = () => {
    deleting.reset();
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" className="danger" onClick={open}>
        <Trash2 aria-hidden /> Delete
      </button>
      <dialog ref={dialog} className="dialog" aria-label="Delete this item?">
        <h2>Delete “{titleOf(item)}”?</h2>
        <p className="dim">It is deleted only if nobody has written it since it was read.</p>
        {item.partial && reveals && (
          <p className="bad">
            Its secrets are encrypted with other keys: this cannot be taken back.
          </p>
        )}
        {deleting.error !== null && <Failed error={deleting.error} />}
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="button"
            className="danger"
            disabled={deleting.isPending}
            onClick={() => deleting.mutate()}
          >
            Delete
          </button>
        </div>
      </dialog>
    </>
  );
}

/** Deletes an item, after a question. */
import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useRef } from "react";
import type { EditResult, SentItem } from "../protocol.js";
import { ask } from "./api.js";
import { titleOf } from "./format.js";
import { Failed } from "./state.js";

interface DeleteButtonProps {
  readonly item: SentItem;
  readonly onDeleted: (result: EditResult) => void;
}

export function DeleteButton({ item, onDeleted }: DeleteButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { store, key, updatedAt } = item;
  const deleting = useMutation({
    mutationFn: () => ask<EditResult>("remove", { store, key, updatedAt }),
    onSuccess: (result) => {
      dialog.current?.close();
      onDeleted(result);
    },
  });
  return (
    <>
      <button type="button" className="danger" onClick={() => dialog.current?.showModal()}>
        <Trash2 aria-hidden /> Delete
      </button>
      <dialog ref={dialog} className="dialog" aria-label="Delete this item?">
        <h2>Delete “{titleOf(item)}”?</h2>
        <p className="dim">It is deleted only if nobody has written it since it was read.</p>
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

/** Says what was written, and takes it back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Undo2, X } from "lucide-react";
import type { EditResult } from "../protocol.js";
import { ask } from "./api.js";
import { type Notice, tell, useNotice, useWritten } from "./edited.js";
import { focusScreen } from "./focus.js";

export function NoticeBar() {
  const notice = useNotice();
  return (
    <div className="notice-place" role="status">
      {notice !== undefined && <Shown key={notice.undo ?? notice.text} notice={notice} />}
    </div>
  );
}

function Shown({ notice: { text, store, key, undo } }: { readonly notice: Notice }) {
  const written = useWritten();
  const queries = useQueryClient();
  const undoing = useMutation({
    mutationFn: () => ask<EditResult>("undo", { id: undo, store }),
    onSuccess: (result) => {
      written(store, key, "Taken back.", result);
      focusScreen();
      // An item that is there again has its place among others.
      void queries.invalidateQueries({ queryKey: ["browse"] });
    },
  });
  return (
    <div className="notice">
      <span>
        {undoing.error === null ? text : `It was not taken back: ${undoing.error.message}`}
      </span>
      {undo !== undefined && undoing.error === null && (
        <button type="button" disabled={undoing.isPending} onClick={() => undoing.mutate()}>
          <Undo2 aria-hidden /> Undo
        </button>
      )}
      <button type="button" className="icon" aria-label="Close" onClick={() => tell(undefined)}>
        <X aria-hidden />
      </button>
    </div>
  );
}

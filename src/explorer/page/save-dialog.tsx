/** Asks whether the changes are to be saved, and after a conflict, whose. */
import type { RefObject } from "react";
import type { EditResult, SentItem } from "../protocol.js";
import { Conflict } from "./conflict.js";
import { Diff } from "./diff.js";
import { type Edits, isEmpty } from "./draft.js";
import { Failed } from "./state.js";
import { theirsOf } from "./theirs.js";

interface SaveDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly base: SentItem;
  readonly edits: Edits;
  /** Why it was not saved. */
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly onSave: () => void;
  readonly onKept: (theirs: EditResult) => void;
  /** Given what the changes are to be put on. */
  readonly onRebase: (stored: EditResult) => void;
}

export function SaveDialog(props: SaveDialogProps) {
  const { dialog, base, edits, error, isPending, onSave, onKept, onRebase } = props;
  const theirs = theirsOf(error);
  const rebase = (stored: EditResult) => {
    onRebase(stored);
    // The button that had the focus is gone with the conflict.
    requestAnimationFrame(() => dialog.current?.querySelector("button")?.focus());
  };
  const goOn = (
    <button type="button" onClick={() => dialog.current?.close()}>
      Go on editing
    </button>
  );
  return (
    <dialog ref={dialog} className="dialog broad" aria-label="The changes">
      {theirs === undefined ? (
        <>
          <h2>Save these changes?</h2>
          {isEmpty(edits) && <p>The item has them already: nothing is left to save.</p>}
          <Diff before={base.data} changes={edits.changes} remove={edits.remove} />
          {error !== null && <Failed error={error} />}
          <div className="buttons">
            {goOn}
            <button
              type="button"
              className="primary"
              disabled={isPending || isEmpty(edits)}
              onClick={onSave}
            >
              Save
            </button>
          </div>
        </>
      ) : (
        <>
          <h2>Somebody else has changed it</h2>
          <Conflict base={base} stored={theirs.item} edits={edits} />
          <div className="buttons">
            {goOn}
            <TheirsOrMine theirs={theirs} onKept={onKept} onRebase={rebase} />
          </div>
        </>
      )}
    </dialog>
  );
}

interface TheirsOrMineProps extends Pick<SaveDialogProps, "onKept" | "onRebase"> {
  readonly theirs: EditResult;
}

function TheirsOrMine({ theirs, onKept, onRebase }: TheirsOrMineProps) {
  return (
    <>
      <button type="button" onClick={() => onKept(theirs)}>
        Keep theirs
      </button>
      {theirs.item !== null && (
        <button type="button" className="primary" onClick={() => onRebase(theirs)}>
          Put mine on top of theirs
        </button>
      )}
    </>
  );
}

/** Both sides of a conflict: what this page wants to save, and what somebody else has stored meanwhile. */
import type { SentItem } from "../protocol.js";
import { Side } from "./diff.js";
import { type Edits, encodedText, ownOf } from "./draft.js";
import { timeText } from "./format.js";

interface ConflictProps {
  readonly base: SentItem;
  /** `null` if it was deleted. */
  readonly stored: SentItem | null;
  readonly edits: Edits;
}

export function Conflict({ base, stored, edits: { changes, remove } }: ConflictProps) {
  if (stored === null) {
    return <p>The item was deleted since it was read. Nothing was saved.</p>;
  }
  const theirs = [...new Set([...Object.keys(base.data), ...Object.keys(stored.data)])].filter(
    (name) => encodedText(ownOf(base.data, name)) !== encodedText(ownOf(stored.data, name)),
  );
  const mine = [...Object.keys(changes), ...remove];
  const names = [...new Set([...mine, ...theirs])];
  return (
    <>
      <p className="dim">
        It was written at {timeText(stored.updatedAt)}, after it was read here. Nothing was saved.
      </p>
      <table className="list diff">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">As it was read</th>
            <th scope="col">Theirs, stored now</th>
            <th scope="col">Mine</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <Side fields={base.data} name={name} />
              </td>
              <td className={theirs.includes(name) ? "was" : ""}>
                <Side fields={stored.data} name={name} />
              </td>
              <td className={mine.includes(name) ? "is" : ""}>
                {mine.includes(name) ? (
                  <Side fields={changes} name={name} />
                ) : (
                  <span className="dim">as theirs</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

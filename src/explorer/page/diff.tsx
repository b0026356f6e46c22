/** The fields that change, before and after. */
import type { ReactNode } from "react";
import { jsonText } from "./format.js";

type Fields = Readonly<Record<string, unknown>>;

interface DiffProps {
  readonly before: Fields;
  readonly changes: Fields;
  readonly remove: readonly string[];
}

export function Diff({ before, changes, remove }: DiffProps) {
  return (
    <BeforeAndAfter>
      {[...Object.keys(changes), ...remove].map((name) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td className="was">
            <Side fields={before} name={name} />
          </td>
          <td className="is">
            <Side fields={changes} name={name} />
          </td>
        </tr>
      ))}
    </BeforeAndAfter>
  );
}

/** A table of what is different. */
export function BeforeAndAfter({ children: rows }: { readonly children: ReactNode }) {
  return (
    <table className="list diff">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>{rows}</tbody>
    </table>
  );
}

export function Side({ fields, name }: { readonly fields: Fields; readonly name: string }) {
  if (!Object.hasOwn(fields, name)) return <span className="dim">not there</span>;
  const value = fields[name];
  return <code>{typeof value === "string" ? value : jsonText(value)}</code>;
}

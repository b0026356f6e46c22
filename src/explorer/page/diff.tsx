/** The fields that change, before and after. */
import type { ReactNode } from "react";
import { hasExactBrand } from "../../values/exact-brand.js";
import { encodedText } from "./draft.js";

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
  return <code>{sideText(fields[name])}</code>;
}

/** As the form has it, so that values that are not the same do not look alike: a set and a list, or bytes. */
function sideText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || hasExactBrand(value) ? String(value) : encodedText(value, 2);
}

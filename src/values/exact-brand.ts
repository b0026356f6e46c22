/** What exact numbers are recognised by, whichever copy of the package they come from. */

/** The same in all copies of this package. */
export const exactBrand = Symbol.for("bayon-coagent-data.ExactNumber");

/** Whether a value is an exact number, from any copy of this package; `false` if it cannot be read. */
export function hasExactBrand(value: unknown): value is { readonly text: string } {
  if (typeof value !== "object" || value === null) return false;
  try {
    const { [exactBrand]: marked, text } = value as { [exactBrand]?: unknown; text?: unknown };
    return marked === true && typeof text === "string";
  } catch {
    // A proxy or a getter that throws cannot be one of ours.
    return false;
  }
}

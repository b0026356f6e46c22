/** What a terminal shows after so many bytes: as much of one as progress and results need. */

const escapeCharacter = String.fromCharCode(27);
const sequence = new RegExp(`${escapeCharacter}(?:\\[([?\\d;]*)([A-Za-z])|([78]))`, "y");

/**
 * The lines that are on the screen or were scrolled out of it, wrapped ones joined, without empty
 * ones at the end.
 * @throws Error for an escape sequence that it does not know
 */
export function shownOn(bytes: string, columns: number, rows: number): string[] {
  const lines: { text: string[]; goesOn: boolean }[] = [{ text: [], goesOn: false }];
  let row = 0;
  let column = 0;
  let wraps = true;
  let saved = { row: 0, column: 0 };
  const top = () => Math.max(lines.length - rows, 0);
  const lineAt = (at: number) => {
    while (lines.length <= at) lines.push({ text: [], goesOn: false });
    return lines[at] ?? { text: [], goesOn: false };
  };
  const control = (parameters: string, final: string): void => {
    const number = Number(parameters || "0");
    if (final === "m") return;
    if (final === "K" && number === 0)
      lineAt(row).text.length = Math.min(column, lineAt(row).text.length);
    else if (final === "K" && number === 2) lineAt(row).text.length = 0;
    else if (final === "G") column = Math.max(number, 1) - 1;
    else if (final === "h" || final === "l") {
      if (parameters === "?7") wraps = final === "h";
    } else throw new Error(`unknown escape sequence ${parameters}${final}`);
  };
  for (let at = 0; at < bytes.length; at += 1) {
    const character = bytes[at] ?? "";
    if (character === escapeCharacter) {
      sequence.lastIndex = at;
      const [whole = "", parameters = "", final, single] = sequence.exec(bytes) ?? [];
      if (whole === "") throw new Error(`unknown escape sequence at byte ${at}`);
      // A position is saved on the screen: what has been scrolled since has moved away from it.
      if (single === "7") saved = { row: row - top(), column };
      else if (single === "8") {
        row = saved.row + top();
        column = saved.column;
      } else control(parameters, final ?? "");
      at += whole.length - 1;
    } else if (character === "\r") column = 0;
    else if (character === "\n") {
      row += 1;
      column = 0;
      lineAt(row);
    } else {
      if (column === columns && wraps) {
        lineAt(row).goesOn = true;
        row += 1;
        column = 0;
      }
      const { text } = lineAt(row);
      while (text.length < column) text.push(" ");
      text[Math.min(column, columns - 1)] = character;
      column = Math.min(column + 1, columns);
    }
  }
  const joined: string[] = [];
  let goesOn = false;
  for (const line of lines) {
    const text = line.text.join("");
    if (goesOn) joined.push(`${joined.pop()}${text}`);
    else joined.push(text);
    goesOn = line.goesOn;
  }
  while (joined.at(-1) === "") joined.pop();
  return joined;
}

/**
 * Any text that UTF-8 can hold, for properties: every code point but the surrogates.
 *
 * `fc.string({ unit: "binary" })` is the same text, and makes a Map of all 1,112,064 characters in each
 * file that calls it, to find out which dangerous words (`__proto__`, "constructor") it could make.
 */
import fc from "fast-check";

const surrogates = 0x800;
const firstSurrogate = 0xd800;
const last = 0x10ffff - surrogates;

const character = fc.nat(last).map(
  (ordinal) => String.fromCodePoint(ordinal < firstSurrogate ? ordinal : ordinal + surrogates),
  (given) => {
    const code = typeof given === "string" ? given.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== given || !given.isWellFormed()) {
      throw new Error("not one character");
    }
    return code < firstSurrogate ? code : code - surrogates;
  },
);

export function anyText(lengths: { minLength?: number; maxLength?: number } = {}) {
  return fc.string({ ...lengths, unit: character });
}

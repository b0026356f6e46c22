/** Values on the way, with as little of the package's classes as a browser needs. */
import { exactBrand } from "../values/exact-brand.js";
import { createCodec } from "./codec.js";
import { wrongCall } from "./errors.js";

/** What an exact number does: it is displayed, and written back unchanged. `ExactNumber` recognises it. */
const exactPrototype = {
  [exactBrand]: true,
  [Symbol.toStringTag]: "ExactNumber",
  toString(this: { readonly text: string }) {
    return this.text;
  },
  toJSON(this: { readonly text: string }) {
    return this.text;
  },
  toNumber(this: { readonly text: string }) {
    return Number(this.text);
  },
  [Symbol.toPrimitive](this: { readonly text: string }, hint: string) {
    if (hint === "string") return this.text;
    throw new TypeError("an ExactNumber cannot be used with operators: use String(value)");
  },
};

export const { encode, decode } = createCodec({
  refuse: wrongCall,
  exact: (text) => Object.freeze(Object.assign(Object.create(exactPrototype) as object, { text })),
});

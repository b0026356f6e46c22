/** Values on the way, with the server's own classes. */
import { createCodec } from "../browser/codec.js";
import { invalidAt } from "../errors/validation-error.js";
import { ExactNumber } from "../values/exact-number.js";

export const { encode, decode } = createCodec({
  refuse: (operation, path, message) => invalidAt({ operation }, path, message),
  exact: (text) => ExactNumber.from(text),
});

/**
 * What this package uses of zod. What is published has these parts of zod and no more
 * (scripts/dev/build.ts): its texts in other languages alone are 40 files.
 */
import { core as zodCore } from "zod";

export {
  array,
  boolean,
  enum,
  intersection,
  looseObject,
  null,
  number,
  object,
  record,
  set,
  string,
  union,
  unknown,
} from "zod";

export const core = { $ZodAsyncError: zodCore.$ZodAsyncError };

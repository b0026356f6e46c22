/** Made-up agents with everything that belongs to them, in entities of the application's own too. */
import { hasBuiltIn } from "../../services/own-entities.js";
import type { Definitions } from "../../services/registry.js";
import type { Mapped } from "../move/firestore/map-document.js";
import { ownSamples } from "./own-samples.js";
import { type SampleOptions, sampleItems, sampleUsers } from "./sample-data.js";

/** Items of the twelve, if the table has them, and of the application's own entities. */
export function* madeUp(definitions: Definitions, options: SampleOptions): Generator<Mapped> {
  if (hasBuiltIn(definitions)) yield* sampleItems(options);
  yield* ownSamples(definitions, sampleUsers(options));
}

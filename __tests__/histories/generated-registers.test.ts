/** The same of items of entities that fast-check declares, with their further indexes and expiry. */
import { engines } from "../engines.js";
import { describeRegisters } from "./registers.js";
import { generated, generatedEntities } from "./subjects.js";

const plain = { hedgedReads: false as const, overTcp: false };

describeRegisters(
  engines.map((engine) => ({
    ...plain,
    ...engine,
    subjects: generated,
    entities: generatedEntities,
  })),
);

/** Where a history runs: on which engine, through which faults, and of which entities. */
import type fc from "fast-check";
import type { DataLayerOptions } from "../../src/data-layer.js";
import { engines, type TestEngine } from "../engines.js";
import { type Clients, openClients } from "./clients.js";
import { generatedEntities, type Subject } from "./subjects.js";

export interface Setting extends TestEngine, Pick<DataLayerOptions, "hedgedReads"> {
  readonly overTcp: boolean;
  /** How many of the usual number of histories there are. @default 1 */
  readonly share?: number;
  readonly subjects: fc.Arbitrary<Subject>;
  /** Entities besides the twelve. */
  readonly entities?: object | undefined;
}

/** Opens the clients of a block. */
export function openSetting({ hedgedReads, overTcp, entities, ...engine }: Setting): Clients {
  return openClients(engine, { hedgedReads, overTcp, entities });
}

/** Each engine with the generated entities; on all but the first, half as many histories. */
export function generatedOn(subjects: fc.Arbitrary<Subject>, share = 1): Setting[] {
  const plain = { hedgedReads: false as const, overTcp: false, subjects };
  return engines.map((engine, at) => ({
    ...{ ...plain, ...engine, entities: generatedEntities },
    share: at === 0 ? share : share / 2,
  }));
}

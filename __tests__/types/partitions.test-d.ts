/** Types of partitions whose key has no parts: nothing names one, and no member is taken. */

import type { DataLayerOf } from "bayon-coagent-data";
import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  times,
} from "bayon-coagent-data";
import { z } from "zod";

const payload = z.looseObject({ name: z.string() });
const schema = () => ({
  model: model("Plan"),
  attributes: { planId: keyPart, data: data(payload), ...times },
  indexes: { byKey: byKey("PLANS", "PLAN#${planId}") },
});
const plan = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

export async function partitions(all: DataLayerOf<{ plan: typeof plan }, false>): Promise<void> {
  await all.plan.count();
  await all.plan.query();
  await all.plan.count({}, { startsWith: "p" });
  // @ts-expect-error the key has no such part
  await all.plan.count({ planId: "p" });
  // @ts-expect-error a text names nothing
  await all.plan.query("PLANS");
}

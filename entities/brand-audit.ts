import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, timestamp, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  results: z.array(
    z.looseObject({
      platform: z.string(),
      platformUrl: optionalText(),
      foundName: optionalText(),
      foundAddress: optionalText(),
      foundPhone: optionalText(),
      /** Consistent, Inconsistent, Not Found, Needs Verification. */
      status: z.string(),
    }),
  ),
  lastRun: timestamp().optional(),
  ...documentTimes(),
}));

/** The payload of `data.brandAudit`: how platforms show an agent. */
export type BrandAuditData = Payload<typeof payload>;

const schema = () => ({
  model: model("BrandAudit"),
  attributes: { userId: keyPart, auditId: keyPart, data: data<BrandAuditData>(payload), ...times },
  indexes: {
    byKey: byKey("USER#${userId}", "AUDIT#${auditId}", { collection: "workspace" }),
  },
});

/** How platforms show an agent's name, address and phone: `USER#<userId>` / `AUDIT#<auditId>`. */
export const brandAudit: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.brandAudit`: how platforms show an agent. */
export type BrandAudit = Item<typeof brandAudit, BrandAuditData>;

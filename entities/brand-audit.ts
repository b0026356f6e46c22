import { CustomAttributeType, Entity } from "electrodb";
import { attribute, keyTemplates } from "../src/table/table.js";
import {
  configure,
  type EntityConfig,
  type Item,
  key,
  keyPart,
  lazily,
  model,
  optionalText,
  type Payload,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
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
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.brandAudit`: how platforms show an agent. */
export type BrandAuditData = Payload<ReturnType<typeof payload>>;

/** How platforms show an agent's name, address and phone: `USER#<userId>` / `AUDIT#<auditId>`. */
export const brandAudit = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("BrandAudit"),
        attributes: {
          userId: keyPart,
          auditId: keyPart,
          data: {
            type: CustomAttributeType<BrandAuditData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.BrandAudit.pk),
            sk: key(attribute.sortKey, ["auditId"], keyTemplates.BrandAudit.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.brandAudit`: how platforms show an agent. */
export type BrandAudit = Item<typeof brandAudit, BrandAuditData>;

import {
  byCreatedAt,
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  type Payload,
  times,
} from "bayon-coagent-data";
import { z } from "zod";

const payload = z.looseObject({ text: z.string(), read: z.boolean() });
export interface NotificationData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("Notification"),
  attributes: {
    userId: keyPart,
    notificationId: keyPart,
    data: data<NotificationData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "NOTIFICATION#${notificationId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "NOTIFICATION#${createdAt}#${notificationId}"),
  },
});

/** What a user is told. */
export const notification = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

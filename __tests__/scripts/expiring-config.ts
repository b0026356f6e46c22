/** What an application with items that expire gives the commands: `--config expiring-config.ts`. */
import { expiringEntities } from "../expiring-entities.js";

const { offer } = expiringEntities;
/** Without the entity whose indexes the tables of these tests do not have. */
export const entities = { offer };

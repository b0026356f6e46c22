/** What an application with items that expire gives the commands: `--config expiring-config.ts`. */
export { expiringEntities as entities } from "../expiring-entities.js";

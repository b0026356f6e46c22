/** What an application whose contacts are of version 3 gives the commands. */
import { ownEntities } from "../own-entities.js";
import { contactV3 } from "../versioned-entities.js";

const { auditLog } = ownEntities;

export const entities = { contact: contactV3, auditLog };

import { createDataLayer } from "bayon-coagent-data";
import * as entities from "./entities/index.js";

/** The application's data: listings, and the trail of their changes. */
export const createData = () => createDataLayer({ entities, builtIn: false });

export type Data = ReturnType<typeof createData>;

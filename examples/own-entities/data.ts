import { createDataLayer } from "bayon-coagent-data";
import * as entities from "./entities/index.js";

/** The application's data: its ten entities, beside the twelve of the package. */
export const createData = () => createDataLayer({ entities });

export type Data = ReturnType<typeof createData>;

/** Applications that have the package installed compile against its declarations with TypeScript 5.9. */
import { compilesFor } from "./consumer.js";

compilesFor("5.9");

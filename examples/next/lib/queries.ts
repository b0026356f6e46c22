import { createDataClient } from "bayon-coagent-data/client";
import { createQueries } from "bayon-coagent-data/react";
import type { Api } from "../app/api/data/route";

export const q = createQueries(createDataClient<Api>({ url: "/api/data" }));

/** The user's content, newest first, in pages. The same on the server and in the browser. */
export const contentPages = { by: "createdAt", order: "desc", limit: 8 } as const;

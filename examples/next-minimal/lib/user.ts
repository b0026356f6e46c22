import type { UserScope } from "bayon-coagent-data";
import { cookies } from "next/headers";
import { dataLayer } from "./data";

/**
 * The data of the signed-in user, and nobody else's. Put your session here: the id must be one that
 * your authentication has verified, never one that a form or a URL names.
 */
export async function myData(): Promise<UserScope> {
  const session = (await cookies()).get("session")?.value;
  return dataLayer().forUser(session ?? "demo-user");
}

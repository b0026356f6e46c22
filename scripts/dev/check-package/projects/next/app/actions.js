"use server";

import { redirect } from "next/navigation.js";
import { runFlow } from "../../flow/flow.js";

export async function runInAction() {
  await runFlow(["faults", "secrets"]);
  redirect("/done");
}

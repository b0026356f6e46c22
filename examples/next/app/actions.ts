"use server";

import { redirect } from "next/navigation";
import { endSession, startSession, testUsers } from "../lib/session";

/** The test provider: whoever is picked is signed in. */
export async function signIn(form: FormData): Promise<void> {
  const user = testUsers.find(({ id }) => id === form.get("user"));
  if (user === undefined) return;
  await startSession(user.id);
  redirect("/");
}

export async function signOut(): Promise<void> {
  await endSession();
  redirect("/sign-in");
}

"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { myData } from "../lib/data";
import { endSession, startSession, testUsers } from "../lib/session";

/** Works before the page's scripts have loaded, too. Pages that are open hear of the new project. */
export async function addProject(form: FormData): Promise<void> {
  const data = await myData();
  await data.project.create({ data: { name: String(form.get("name")) } });
  revalidatePath("/projects");
}

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

"use server";

import { revalidatePath } from "next/cache";
import { myData } from "../lib/user";

/** A field of the form as text; the store refuses what must not be empty. */
function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

export async function addProject(form: FormData): Promise<void> {
  const data = await myData();
  await data.project.create({ data: { name: text(form, "name") } });
  revalidatePath("/");
}

/** Deletes a project and takes its content out of it, in one transaction per 100 contents. */
export async function removeProject(form: FormData): Promise<void> {
  const data = await myData();
  await data.projects.deleteAndUnfile({ projectId: text(form, "projectId") });
  revalidatePath("/");
}

export async function addContent(form: FormData): Promise<void> {
  const data = await myData();
  await data.savedContent.create({
    data: {
      type: "Note",
      title: text(form, "title"),
      content: text(form, "content"),
      projectId: text(form, "projectId") || null,
    },
  });
  revalidatePath("/");
}

export async function removeContent(form: FormData): Promise<void> {
  const data = await myData();
  await data.savedContent.delete({ contentId: text(form, "contentId") });
  revalidatePath("/");
}

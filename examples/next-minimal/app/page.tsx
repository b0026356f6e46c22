import { myData } from "../lib/user";
import { addContent, addProject, removeContent, removeProject } from "./actions";

// The page shows a user's own data, so it is rendered for each request and never at build time.
export const dynamic = "force-dynamic";

/** A server component: it reads all projects and their content with one query. */
export default async function Page() {
  const data = await myData();
  const { projects, uncategorised } = await data.projects.listWithContent();
  const groups = [
    ...projects.map(({ projectId, data: { name }, contents }) => ({ projectId, name, contents })),
    { projectId: "", name: "Uncategorised", contents: uncategorised },
  ];

  return (
    <main>
      <h1>Saved content</h1>
      {groups.map(({ projectId, name, contents }) => (
        <section key={projectId}>
          <h2>{name}</h2>
          <ul>
            {contents.map(({ contentId, data: content }) => (
              <li key={contentId}>
                {content.title ?? "Untitled"}
                <form action={removeContent}>
                  <input type="hidden" name="contentId" value={contentId} />
                  <button type="submit">Delete</button>
                </form>
              </li>
            ))}
          </ul>
          <form action={addContent}>
            <input type="hidden" name="projectId" value={projectId} />
            <input name="title" placeholder="Title" />
            <textarea name="content" placeholder="Text" />
            <button type="submit">Save</button>
          </form>
          {projectId !== "" && (
            <form action={removeProject}>
              <input type="hidden" name="projectId" value={projectId} />
              <button type="submit">Delete the project, keep its content</button>
            </form>
          )}
        </section>
      ))}
      <form action={addProject}>
        <input name="name" placeholder="New project" />
        <button type="submit">Create</button>
      </form>
    </main>
  );
}

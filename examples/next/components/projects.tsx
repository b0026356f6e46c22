"use client";

import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { q } from "../lib/queries";
import { ContentRow } from "./content-row";

export function Projects() {
  const { data } = useSuspenseQuery(q.projects.listWithContent());
  const create = useMutation(q.project.create());
  const add = (form: FormData) => create.mutate({ data: { name: String(form.get("name")) } });
  const groups = [
    ...data.projects.map(({ projectId, data: { name }, contents }) => ({
      projectId,
      name,
      contents,
    })),
    { projectId: "", name: "In no project", contents: data.uncategorised },
  ];
  return (
    <main>
      <h1>Projects</h1>
      <form action={add} className="bar">
        <input
          name="name"
          required
          aria-label="Name of the new project"
          placeholder="New project"
        />
        <button type="submit" className="primary">
          Add
        </button>
      </form>
      {groups.map(({ projectId, name, contents }) => (
        <section key={projectId} className="card">
          <h2>{name}</h2>
          {contents.map((item) => (
            <ContentRow key={item.contentId} item={item} />
          ))}
          {contents.length === 0 && <p className="muted">Nothing yet</p>}
        </section>
      ))}
    </main>
  );
}

"use client";

import type { SavedContent } from "bayon-coagent-data";
import { useLive } from "bayon-coagent-data/react";
import { addProject } from "../app/actions";
import { q } from "../lib/queries";
import { Add } from "./add";
import { ContentRow } from "./content-row";

export function Projects() {
  const { data } = useLive(q.projects.listWithContent());
  if (data === undefined) return null;
  return (
    <main>
      <h1>Projects</h1>
      <Add what="project" action={addProject} />
      {data.projects.map(({ projectId, data: { name }, contents }) => (
        <Project key={projectId} name={name} contents={contents} />
      ))}
      <Project name="In no project" contents={data.uncategorised} />
    </main>
  );
}

function Project({ name, contents }: { name: string; contents: readonly SavedContent[] }) {
  return (
    <section className="card">
      <h2>{name}</h2>
      {contents.map((item) => (
        <ContentRow key={item.contentId} item={item} />
      ))}
      {contents.length === 0 && <p className="muted">Nothing yet</p>}
    </section>
  );
}

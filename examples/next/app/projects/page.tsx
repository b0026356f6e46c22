import { Projects } from "../../components/projects";
import { Prefetched } from "../../lib/prefetched";

export const metadata = { title: "Projects" };

export default function Page() {
  return (
    <Prefetched read={(client, own) => client.fetchQuery(own.projects.listWithContent())}>
      <Projects />
    </Prefetched>
  );
}

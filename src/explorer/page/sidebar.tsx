/** Where one can go. */
import { Database, ListTree, Table2, Users } from "lucide-react";
import { useAbout, useSurvey } from "./about.js";
import { counted, storeTitle } from "./format.js";
import { GoTo } from "./go-to.js";
import { Link } from "./link.js";
import { useRoute } from "./route.js";

export function Sidebar({ onGo }: { readonly onGo?: () => void }) {
  const { entities } = useAbout();
  const { data: survey } = useSurvey();
  const { view = "overview", store } = useRoute();
  const current = (is: boolean) => (is ? "page" : undefined);
  const go = onGo === undefined ? {} : { onGo };
  return (
    <nav aria-label="Screens">
      <GoTo {...go} />
      <ul>
        <li>
          <Link to={{}} aria-current={current(view === "overview")} {...go}>
            <Database aria-hidden /> Overview
          </Link>
        </li>
        <li>
          <Link to={{ view: "users" }} aria-current={current(view.startsWith("user"))} {...go}>
            <Users aria-hidden /> Users
          </Link>
        </li>
        <li>
          <Link to={{ view: "patterns" }} aria-current={current(view === "patterns")} {...go}>
            <ListTree aria-hidden /> Access patterns
          </Link>
        </li>
      </ul>
      <h2>Entities</h2>
      <ul>
        {entities.map((entity) => {
          const count = survey?.entities[entity.entity]?.items ?? 0;
          return (
            <li key={entity.store}>
              <Link
                to={{ view: "entity", store: entity.store }}
                aria-current={current(view === "entity" && store === entity.store)}
                {...go}
              >
                <Table2 aria-hidden /> <span className="cut">{storeTitle(entity.store)}</span>
                {survey !== undefined && (
                  <span className="count">
                    {counted(count)}
                    {survey.complete || count === 0 ? "" : "+"}
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

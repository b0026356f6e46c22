/** The frame of all screens: where one is, where one can go, and what the last click cost. */
import { Menu, TriangleAlert, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useAbout } from "./about.js";
import { useTraffic } from "./api.js";
import { Boundary } from "./boundary.js";
import { Browse } from "./browse.js";
import { CallBar } from "./call-bar.js";
import { NoticeBar } from "./notice-bar.js";
import { Overview } from "./overview.js";
import { Patterns } from "./patterns.js";
import { useRoute } from "./route.js";
import { Sidebar } from "./sidebar.js";
import { Empty } from "./state.js";
import { ThemeButton } from "./theme.js";
import { Users, UserView } from "./users.js";

export function App() {
  const { table, environment, writable } = useAbout();
  const menu = useRef<HTMLDialogElement>(null);
  const { isGone } = useTraffic();
  const { view, store, user } = useRoute();
  useEffect(() => {
    document.title = `${table} · explorer`;
  }, [table]);
  const isProduction = environment === "production";
  return (
    <div className="app" data-production={isProduction}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <button
          type="button"
          className="icon menu-button"
          aria-label="Menu"
          onClick={() => menu.current?.showModal()}
        >
          <Menu aria-hidden />
        </button>
        <Place />
        <span className={writable ? "badge warn" : "badge"}>
          {writable ? "can write" : "read only"}
        </span>
        <span className="grow" />
        <ThemeButton />
      </header>
      <aside className="side">
        <Sidebar />
      </aside>
      <dialog ref={menu} className="drawer" aria-label="Menu">
        <button
          type="button"
          className="icon close"
          aria-label="Close"
          onClick={() => menu.current?.close()}
        >
          <X aria-hidden />
        </button>
        <Sidebar onGo={() => menu.current?.close()} />
      </dialog>
      <main id="main" tabIndex={-1}>
        {isGone && (
          <div className="banner" role="alert">
            <TriangleAlert aria-hidden /> The explorer's server has ended. Start{" "}
            <code>bayon-data explore</code> again, and open the address that it prints.
          </div>
        )}
        <Boundary key={`${view} ${store} ${user}`}>
          <Screen />
        </Boundary>
      </main>
      <NoticeBar />
      <CallBar />
    </div>
  );
}

function Place() {
  const { table, environment, place } = useAbout();
  return (
    <div className="place" title={`${table} at ${place}`}>
      <strong>{table}</strong>
      <span className={`badge ${environment}`}>{environment}</span>
      <span className="dim where">{place}</span>
    </div>
  );
}

function Screen() {
  const route = useRoute();
  switch (route.view ?? "overview") {
    case "overview":
      return <Overview />;
    case "entity":
      return <Browse key={route.store} />;
    case "users":
      return <Users />;
    case "user":
      return <UserView key={route.user} user={route.user ?? ""} />;
    case "patterns":
      return <Patterns />;
    default:
      return <Empty title="There is nothing at this address." />;
  }
}

/** The table as one user sees it. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";
import type { BrowsePage, EntityDescription } from "../protocol.js";
import { useAbout, useSurvey } from "./about.js";
import { ask } from "./api.js";
import { keyText, plural, storeTitle, timeText, titleOf } from "./format.js";
import { Link } from "./link.js";
import { goTo } from "./route.js";
import { Failed, Waiting } from "./state.js";

export function Users() {
  const { data: survey, error, isPending } = useSurvey();
  const id = useId();
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    goTo({ view: "user", user: String(new FormData(event.currentTarget).get("user")) });
  };
  return (
    <div className="screen">
      <h1>Users</h1>
      <form className="inline" onSubmit={open}>
        <label htmlFor={id}>The id of a user or an agent</label>
        <input id={id} name="user" required autoComplete="off" spellCheck={false} />
        <button type="submit" className="primary">
          Show
        </button>
      </form>
      {isPending && <Waiting what="a sample of the table" />}
      {error !== null && <Failed error={error} />}
      {survey !== undefined && (
        <section className="card">
          <h2>
            {survey.complete
              ? "Those with the most items"
              : "Those with the most items of the sample"}
          </h2>
          {survey.users.length === 0 && <p className="dim">No item names a user.</p>}
          <ul className="plain">
            {survey.users.map(({ id: user, items }) => (
              <li key={user}>
                <Link className="row-link" to={{ view: "user", user }}>
                  <span className="cut">{user}</span>
                  <span className="dim">{plural(items, "item")}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

export function UserView({ user }: { readonly user: string }) {
  const { entities } = useAbout();
  const own = entities.filter(({ ofUser }) => ofUser);
  return (
    <div className="screen">
      <div className="title-row">
        <h1 className="cut">{user}</h1>
        <p className="dim">
          what <code>data.forUser</code> sees
        </p>
      </div>
      <div className="columns narrow">
        {own.map((entity) => (
          <UserEntity key={entity.store} entity={entity} user={user} />
        ))}
      </div>
    </div>
  );
}

/** Items of each entity that are shown at once. */
const mostShown = 6;

interface UserEntityProps {
  readonly entity: EntityDescription;
  readonly user: string;
}

function UserEntity({ entity, user }: UserEntityProps) {
  const { store, dated } = entity;
  const { data, error, isPending } = useQuery({
    queryKey: ["user", user, store],
    queryFn: ({ signal }) =>
      ask<BrowsePage>("browse", { store, user, limit: mostShown + 1 }, signal),
  });
  const items = data?.items.slice(0, mostShown) ?? [];
  const all = { view: "entity", store, user, ...(dated && { desc: "1" }) };
  return (
    <section className="card" data-empty={data?.items.length === 0}>
      <h2>{storeTitle(store)}</h2>
      {isPending && <Waiting what={storeTitle(store).toLowerCase()} />}
      {error !== null && <Failed error={error} />}
      {data?.items.length === 0 && <p className="dim">none</p>}
      <ul className="plain">
        {items.map((item) => (
          <li key={keyText(item.key)}>
            <Link
              className="row-link"
              to={{ view: "entity", store, user, item: JSON.stringify(item.key) }}
            >
              <span className="cut">{titleOf(item)}</span>
              <span className="dim">{timeText(item.updatedAt)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {(data?.items.length ?? 0) > mostShown && <Link to={all}>All of them</Link>}
    </section>
  );
}

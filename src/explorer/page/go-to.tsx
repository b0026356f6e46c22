/** One field that leads everywhere: to an entity, to a user, to an item by an id. */
import { Search } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from "react";
import type { About, Survey } from "../protocol.js";
import { useAbout, useSurvey } from "./about.js";
import { storeTitle } from "./format.js";
import { goTo } from "./route.js";

interface Place {
  readonly label: string;
  readonly hint: string;
  readonly to: Readonly<Record<string, string>>;
}

const mostPlaces = 8;

/** The places that a text may mean. */
function placesFor(text: string, { entities }: About, survey: Survey | undefined): Place[] {
  const wanted = text.trim();
  if (wanted === "") return [];
  const lower = wanted.toLowerCase();
  const ofEntities = entities
    .filter(({ store }) => storeTitle(store).toLowerCase().includes(lower))
    .map(({ store }) => ({
      label: storeTitle(store),
      hint: "entity",
      to: { view: "entity", store },
    }));
  const users = (survey?.users ?? [])
    .filter(({ id }) => id.toLowerCase().includes(lower))
    .map(({ id }) => ({ label: id, hint: "user", to: { view: "user", user: id } }));
  const byId = entities.flatMap(({ store, indexes }) =>
    indexes
      .filter(({ partition: [part, ...more] }) => part?.kind === "text" && more.length === 0)
      .map(({ name, partition: [part] }) => ({
        label: wanted,
        hint: `${storeTitle(store).toLowerCase()} by ${part?.name ?? ""}`,
        to: {
          view: "entity",
          store,
          index: name,
          parts: JSON.stringify({ [part?.name ?? ""]: wanted }),
        },
      })),
  );
  const asUser = { label: wanted, hint: "as a user", to: { view: "user", user: wanted } };
  const isKnown = users.some(({ label }) => label === wanted);
  return [...ofEntities, ...users, ...byId.filter(isById), ...(isKnown ? [] : [asUser])].slice(
    0,
    mostPlaces,
  );
}

/** Indexes by an id alone find one item; those by a user are lists, which the user's screen has. */
function isById({ to }: Place): boolean {
  return !/"(?:userId|agentId)"/.test(to.parts ?? "");
}

export function GoTo({ onGo }: { readonly onGo?: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const about = useAbout();
  const { data: survey } = useSurvey();
  const places = placesFor(text, about, survey);
  useSlash(input);
  const open = (place: Place | undefined) => {
    if (place === undefined) return;
    setText("");
    onGo?.();
    goTo(place.to);
    // Closed, the menu of a narrow window gives the focus back to its button.
    document.getElementById("main")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      setText("");
      input.current?.blur();
    } else if (event.key === "Enter") open(places[active]);
    else if (event.key === "ArrowDown") setActive(Math.min(active + 1, places.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else return;
    event.preventDefault();
  };
  const isOpen = places.length > 0;
  return (
    <div className="go-to">
      <Search aria-hidden />
      <input
        ref={input}
        type="search"
        role="combobox"
        placeholder="Go to …"
        aria-label="Go to an entity, a user, or an item by its id"
        aria-expanded={isOpen}
        aria-controls={`${id}-places`}
        aria-autocomplete="list"
        {...(isOpen && { "aria-activedescendant": `${id}-${active}` })}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      {text === "" && <kbd>/</kbd>}
      <PlaceList id={id} places={places} active={active} onOpen={open} />
    </div>
  );
}

interface PlaceListProps {
  /** Begins the ids of the list and of its places. */
  readonly id: string;
  readonly places: readonly Place[];
  readonly active: number;
  readonly onOpen: (place: Place) => void;
}

function PlaceList({ id, places, active, onOpen }: PlaceListProps) {
  return (
    <div id={`${id}-places`} role="listbox" aria-label="Places" hidden={places.length === 0}>
      {places.map((place, index) => (
        // Keys are the input's.
        // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox handles the keyboard.
        <div
          key={`${place.hint} ${place.label}`}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onOpen(place)}
        >
          <span className="cut">{place.label}</span> <span className="dim">{place.hint}</span>
        </div>
      ))}
    </div>
  );
}

/** The key `/` leads to the field, but for where it is typed. */
function useSlash(input: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      const isTyping = target?.matches("input, textarea, select, [contenteditable]") === true;
      if (event.key !== "/" || isTyping || event.metaKey || event.ctrlKey) return;
      // Of the two, the one that is shown.
      if (input.current?.offsetParent === null) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, [input]);
}

/** What is shown, as the page's address says: it can be shared, and the browser's buttons work. */
import { useCallback, useSyncExternalStore } from "react";
import { type Filter, filterOperators, type SentItem } from "../protocol.js";
import { mayLeave } from "./unsaved.js";

export type Route = Readonly<Record<string, string>>;

const moved = "bayon-explorer-moved";

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(moved, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(moved, listener);
  };
}

const searchOf = () => window.location.search;

const routeNow = (): Route => Object.fromEntries(new URLSearchParams(searchOf()));

/** The members of a route that say what is open; the others say how it is shown. */
const screenNames = ["view", "store", "user", "item"];

export function useRoute(): Route {
  const search = useSyncExternalStore(subscribe, searchOf);
  return Object.fromEntries(new URLSearchParams(search));
}

/** The address of what a route shows. Members that are undefined are left out. */
export function hrefOf(route: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(route).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined && entry[1] !== "";
  });
  return `/?${new URLSearchParams(given)}`;
}

/** Opens what a route shows, unless somebody wants to keep what they edit. */
export function goTo(
  route: Readonly<Record<string, string | undefined>>,
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  const now = routeNow();
  const leaves = screenNames.some((name) => (now[name] ?? "") !== (route[name] ?? ""));
  if (leaves && !mayLeave()) return;
  const href = hrefOf(route);
  if (replace) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  window.dispatchEvent(new Event(moved));
}

/** Changes some of the route. */
export function useChangeRoute(): (
  change: Readonly<Record<string, string | undefined>>,
  options?: { readonly replace?: boolean },
) => void {
  return useCallback((change, options) => {
    goTo({ ...routeNow(), ...change }, options);
  }, []);
}

/** Takes the token out of the address, where it could be seen and shared. */
export function hideToken(): void {
  const url = new URL(window.location.href);
  if (!url.searchParams.has("token")) return;
  url.searchParams.delete("token");
  window.history.replaceState(null, "", `${url.pathname}${url.search}`);
}

/** The filters of the address; none if it was typed, and has no such list. */
export function filtersIn(route: Route): readonly Filter[] {
  const given = jsonIn(route, "filters");
  return Array.isArray(given) && given.every(isFilter) ? given : [];
}

/** The parts of a key in the address; what are none are left out. */
export function partsIn(route: Route, name: "parts" | "item"): SentItem["key"] | undefined {
  const given = jsonIn(route, name);
  return isObject(given) && Object.values(given).every(isPart)
    ? (given as SentItem["key"])
    : undefined;
}

function jsonIn(route: Route, name: string): unknown {
  const text = route[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isPart = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFilter(value: unknown): value is Filter {
  if (!isObject(value) || typeof value.field !== "string") return false;
  return (filterOperators as readonly unknown[]).includes(value.operator);
}

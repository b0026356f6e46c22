/** A page: a document in which React 18 or 19 runs, with TanStack Query and this package's door over it. */
import { JSDOM } from "jsdom";

export const reacts = [{ version: "19" }, { version: "18" }] as const;
export type ReactVersion = (typeof reacts)[number]["version"];

/** What a page has loaded, of one version of React. */
export interface Page {
  readonly React: typeof import("react");
  readonly server: typeof import("react-dom/server");
  readonly hydrateRoot: typeof import("react-dom/client").hydrateRoot;
  readonly rtl: typeof import("@testing-library/react");
  readonly query: typeof import("@tanstack/react-query");
  readonly door: typeof import("../../src/react/index.js");
  readonly browser: typeof import("../../src/browser/index.js");
}

/** What React and its testing library look up in a browser. */
const globals = [
  "window",
  "document",
  "navigator",
  "HTMLElement",
  "HTMLIFrameElement",
  "Node",
  "MutationObserver",
];

/**
 * Opens a page for the tests of a `describe`. Everything else is Node's: `fetch` reaches a real server.
 */
export function openPage(version: ReactVersion): Page {
  let page: Page | undefined;
  let dom: JSDOM | undefined;
  const before = new Map<string, PropertyDescriptor | undefined>();
  beforeAll(() => {
    dom = new JSDOM("<!doctype html><body></body>", { url: "https://app.example.com/" });
    const { window } = dom;
    const given: Record<string, unknown> = { IS_REACT_ACT_ENVIRONMENT: true };
    for (const name of globals) given[name] = Reflect.get(window, name);
    for (const [name, value] of Object.entries(given)) {
      before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    page = loaded(version);
  });
  afterEach(() => page?.rtl.cleanup());
  afterAll(() => {
    dom?.window.close();
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
    jest.resetModules();
  });
  const need = () => {
    if (page === undefined) throw new Error("the page is open within tests only");
    return page;
  };
  return new Proxy({} as Page, { get: (_, name) => Reflect.get(need(), name) });
}

function loaded(version: ReactVersion): Page {
  jest.resetModules();
  for (const name of ["react", "react/jsx-runtime", "react-dom", "react-dom/client"]) {
    const own = name.replace(/^(react(?:-dom)?)/, `$1${version === "18" ? "18" : ""}`);
    if (own === name) jest.dontMock(name);
    else jest.doMock(name, () => jest.requireActual(own));
  }
  const name = version === "18" ? "react-dom18" : "react-dom";
  const rtl: Page["rtl"] = require("@testing-library/react/pure");
  rtl.configure({ asyncUtilTimeout: 15_000 });
  return {
    React: require("react"),
    server: require(`${name}/server`),
    hydrateRoot: require("react-dom/client").hydrateRoot,
    rtl,
    query: require("@tanstack/react-query"),
    door: require("../../src/react/index.js"),
    browser: require("../../src/browser/index.js"),
  };
}

/** Renders an element under a client, as an application does. */
export function mount(
  { React, rtl, query }: Page,
  client: import("@tanstack/react-query").QueryClient,
  element: import("react").ReactElement,
) {
  const inner = React.createElement(query.QueryClientProvider, { client }, element);
  return rtl.render(React.createElement(React.StrictMode, null, inner));
}

/** What is being edited is not thrown away without a question. */
import { useEffect } from "react";

/** The address at which something is edited that is not saved. */
let edited: string | undefined;

/** Notes whether something is edited here that is not saved, as long as this is shown. */
export function useUnsaved(is: boolean): void {
  useEffect(() => {
    if (!is) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    edited = window.location.href;
    window.addEventListener("beforeunload", ask);
    return () => {
      edited = undefined;
      window.removeEventListener("beforeunload", ask);
    };
  }, [is]);
}

/** Asks, if there is something to lose. */
export const mayLeave = (): boolean =>
  edited === undefined || window.confirm("Throw away the changes that are not saved?");

/** Lets the browser's buttons ask as well. It is called before anything else listens to them. */
export function askBeforeBack(): void {
  window.addEventListener("popstate", (event) => {
    if (mayLeave()) return;
    // The browser has gone back already: the address of what is edited is made the next one.
    event.stopImmediatePropagation();
    window.history.pushState(null, "", edited);
  });
}

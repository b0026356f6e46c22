/** What is being edited is not thrown away without a question. */
import { useEffect } from "react";

let isUnsaved = false;

/** Notes whether something is edited here that is not saved, as long as this is shown. */
export function useUnsaved(is: boolean): void {
  useEffect(() => {
    if (!is) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    isUnsaved = true;
    window.addEventListener("beforeunload", ask);
    return () => {
      isUnsaved = false;
      window.removeEventListener("beforeunload", ask);
    };
  }, [is]);
}

/** Asks, if there is something to lose. */
export const mayLeave = (): boolean =>
  !isUnsaved || window.confirm("Throw away the changes that are not saved?");

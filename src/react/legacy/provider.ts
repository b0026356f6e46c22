/** The client and the user of the hooks below it. */
import { createContext, createElement, type ReactNode, useContext, useMemo } from "react";
import { wrongCall } from "../../browser/errors.js";
import { createQueries } from "../queries.js";

export interface LegacyDataProviderProps {
  /** What `createDataClient` returns. */
  readonly api: object;
  /**
   * The id of the user who is signed in, with which raw keys are compared. It protects nothing: the handler
   * reads the data of its session's user whatever is given here.
   */
  readonly userId: string;
  readonly children?: ReactNode | undefined;
}

/** A query, or the pages of a list, as TanStack Query takes it. */
export type QueryObject = Readonly<Record<string, unknown>> & {
  readonly queryKey: readonly unknown[];
};

type Make = (...given: unknown[]) => QueryObject;

/** What the hooks need. */
export interface LegacyData {
  readonly api: object;
  readonly userId: string;
  readonly queries: Readonly<Record<string, Readonly<Record<string, Make>>>>;
}

const Context = createContext<LegacyData | null>(null);

/** Gives the hooks below it their client. It stands below a `QueryClientProvider`. */
export function LegacyDataProvider({ api, userId, children }: LegacyDataProviderProps): ReactNode {
  const value = useMemo(() => {
    // By names that are found in raw keys.
    const queries = createQueries(api) as unknown as LegacyData["queries"];
    return { api, userId, queries };
  }, [api, userId]);
  return createElement(Context.Provider, { value }, children);
}

/** @throws ValidationError outside of a provider */
export function useLegacyData(call: string): LegacyData {
  const value = useContext(Context);
  if (value === null)
    throw wrongCall(call, "provider", "is missing: LegacyDataProvider must be above");
  return value;
}

/** What all screens know: the table, its entities, and the first look at it. */
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, use } from "react";
import type { About, EntityDescription, Survey } from "../protocol.js";
import { ask } from "./api.js";
import { Failed, Waiting } from "./state.js";

const AboutContext = createContext<About | undefined>(undefined);

export function AboutProvider({ children }: { readonly children: ReactNode }) {
  const { data, error } = useQuery({
    queryKey: ["about"],
    queryFn: ({ signal }) => ask<About>("about", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <Failed error={error} />;
  if (data === undefined) return <Waiting what="the table" />;
  return <AboutContext value={data}>{children}</AboutContext>;
}

export function useAbout(): About {
  const about = use(AboutContext);
  if (about === undefined) throw new Error("there is no AboutProvider");
  return about;
}

export function useEntity(store: string | undefined): EntityDescription | undefined {
  return useAbout().entities.find((entity) => entity.store === store);
}

/** The first look at the table, which is taken once, and again when it is asked for. */
export function useSurvey() {
  return useQuery({
    queryKey: ["survey"],
    queryFn: ({ signal }) => ask<Survey>("survey", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

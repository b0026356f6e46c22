"use client";

import {
  QueryClient,
  QueryClientProvider,
  useMutationState,
  useQueryClient,
} from "@tanstack/react-query";
import { live } from "bayon-coagent-data/client";
import { hydrationDefaults } from "bayon-coagent-data/react";
import { type ReactNode, StrictMode, useEffect, useState, useSyncExternalStore } from "react";
import { api } from "../lib/queries";

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(() => new QueryClient({ defaultOptions: hydrationDefaults }));
  return (
    <StrictMode>
      <QueryClientProvider client={client}>
        <Offline />
        <Live />
        {children}
      </QueryClientProvider>
    </StrictMode>
  );
}

/** Reads again what is shown after another tab, or another device, has written. */
function Live() {
  const client = useQueryClient();
  useEffect(() => live(api, () => void client.invalidateQueries({ queryKey: ["data"] })), [client]);
  return null;
}

function Offline() {
  const isOnline = useSyncExternalStore(
    onConnection,
    () => navigator.onLine,
    () => true,
  );
  const waiting = useMutationState({ filters: { status: "pending" } }).length;
  if (isOnline) return null;
  return (
    <p className="banner" role="status">
      You are offline. {waiting === 0 ? "" : `${waiting} changes are sent when you are back.`}
    </p>
  );
}

function onConnection(told: () => void): () => void {
  addEventListener("online", told);
  addEventListener("offline", told);
  return () => {
    removeEventListener("online", told);
    removeEventListener("offline", told);
  };
}

"use client";

import { QueryClient, QueryClientProvider, useMutationState } from "@tanstack/react-query";
import { hydrationDefaults } from "bayon-coagent-data/react";
import { type ReactNode, useState, useSyncExternalStore } from "react";

/** A cache for the pages of one user. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(() => new QueryClient({ defaultOptions: hydrationDefaults }));
  return (
    <QueryClientProvider client={client}>
      <Offline />
      {children}
    </QueryClientProvider>
  );
}

function onConnection(changed: () => void): () => void {
  const events = ["online", "offline"];
  for (const event of events) addEventListener(event, changed);
  return () => {
    for (const event of events) removeEventListener(event, changed);
  };
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
      You are offline. {waiting > 0 && `${waiting} changes are sent when you are back.`}
    </p>
  );
}

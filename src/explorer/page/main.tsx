/** The explorer's page. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AboutProvider } from "./about.js";
import { App } from "./app.js";
import { hideToken } from "./route.js";
import { applyTheme } from "./theme.js";
import { askBeforeBack } from "./unsaved.js";

hideToken();
askBeforeBack();
applyTheme();

// Each request costs units: nothing is asked for again by itself.
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: false,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      staleTime: 60_000,
    },
    mutations: { retry: false },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <AboutProvider>
        <App />
      </AboutProvider>
    </QueryClientProvider>
  </StrictMode>,
);

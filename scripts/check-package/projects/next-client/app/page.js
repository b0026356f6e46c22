"use client";

// What a client component must not have: this does not build, and says why.
import { createDataLayer } from "bayon-coagent-data";

export default function Page() {
  return <p>{typeof createDataLayer()}</p>;
}

"use client";

// What a client component may have: key functions and error classes.
import { getProjectKeys, ItemNotFoundError } from "bayon-coagent-data/keys";

export default function Page() {
  const { PK, SK } = getProjectKeys("user-1", "project-1");
  return <p title={new ItemNotFoundError(PK, SK).code}>{`${PK} ${SK}`}</p>;
}

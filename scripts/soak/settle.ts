/** Compares everything that is in the table at the end with what must be there. */
import type { DataLayer } from "../../src/index.js";
import type { Ledger } from "./ledger.js";
import { inWords, type Mark } from "./mark.js";
import { type Shared, sharedUser } from "./worker.js";

/**
 * Reads the items of all workers and the shared items.
 * @returns what is not as it must be, as text
 */
export async function missingAtTheEnd(
  data: DataLayer,
  ledger: Ledger,
  shared: Shared,
  users: readonly string[],
): Promise<string[]> {
  const findings: string[] = [];
  const stored = new Map<string, Mark>();
  const read = async (userId: string) => {
    const { savedContent, project, competitor, userProfile } = await data.collections.workspace({
      userId,
    });
    for (const { contentId, data: payload } of savedContent) {
      stored.set(`${userId}/content/${contentId}`, payload.content);
    }
    for (const { projectId, data: payload } of project) {
      stored.set(`${userId}/project/${projectId}`, payload.name);
    }
    for (const { competitorId, data: payload } of competitor) {
      stored.set(`${userId}/competitor/${competitorId}`, payload.name);
    }
    for (const { data: payload } of userProfile) {
      stored.set(`${userId}/profile/`, payload.name ?? null);
    }
  };
  await Promise.all(users.map(read));

  for (const place of ledger.places()) {
    const mark = stored.get(place) ?? null;
    const possible = ledger.possible(place);
    if (!possible.has(mark)) {
      findings.push(`at the end ${place} holds ${mark}, and not ${inWords(possible)}`);
    }
    stored.delete(place);
  }
  // The remaining items were created under an id that no caller received.
  const found = new Set<Mark>();
  for (const [place, mark] of stored) {
    if (mark === null || !shared.openCreates.has(mark)) {
      findings.push(`at the end ${place} holds ${mark}, which nobody wrote`);
    } else if (found.has(mark)) findings.push(`${mark} was created twice, at ${place} too`);
    found.add(mark);
  }
  return [...findings, ...(await sharedAtTheEnd(data, shared))];
}

async function sharedAtTheEnd(data: DataLayer, shared: Shared): Promise<string[]> {
  const findings: string[] = [];
  const { items } = await data.project.query({ userId: sharedUser });
  const named = new Map(items.map((item) => [item.projectId, item.data]));
  for (const [id, { acknowledged, open }] of shared.counters) {
    const stands = Number.parseInt(named.get(id)?.name ?? "", 10);
    if (!(stands >= acknowledged && stands <= acknowledged + open)) {
      findings.push(`${id} stands at ${stands}: ${acknowledged} acknowledged, ${open} open`);
    }
  }
  for (const pair of shared.pairs) {
    const [a, b] = [named.get(`${pair}-a`)?.name, named.get(`${pair}-b`)?.name];
    if (a !== b) findings.push(`${pair} is half of two transactions: ${a} and ${b}`);
  }
  return findings;
}

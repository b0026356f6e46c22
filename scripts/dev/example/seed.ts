/** The data of the example application: two agents, who sign in under ids that are easy to read. */
import type { DataLayer } from "../../../src/index.js";
import { createReport, loadItems } from "../../move/load-items.js";
import { type SampleItem, sampleItems, sampleUsers } from "../../seed/sample-data.js";

/** The ids that the example's test provider offers, in the order of the made-up agents. */
export const exampleUsers = ["maya", "jose"] as const;

const sample = { users: exampleUsers.length, seed: 0 };

function* items(): Generator<SampleItem> {
  const madeUp = [...sampleUsers(sample)];
  for (const item of sampleItems(sample)) {
    let text = JSON.stringify(item);
    exampleUsers.forEach((id, place) => {
      text = text.replaceAll(madeUp[place] ?? id, id);
    });
    yield JSON.parse(text) as SampleItem;
  }
}

/**
 * Fills an empty table with the data of the example.
 * @throws Error if a store refuses an item
 */
export async function seedExample(data: DataLayer): Promise<void> {
  const report = createReport();
  await loadItems(data, items(), report);
  if (report.rejections.length > 0) throw new Error(`${report.rejections.length} items refused`);
}

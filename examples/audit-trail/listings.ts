/** The calls that change listings. Each says who it is for. */
import type { Data } from "./data.js";

interface Key {
  readonly agentId: string;
  readonly listingId: string;
}

/** What a person may change of a listing. */
interface Fields {
  readonly address?: string;
  readonly price?: number;
  readonly features?: string[];
}

export async function offer(
  data: Data,
  key: Key,
  fields: Fields & { readonly address: string; readonly price: number },
  by: string,
): Promise<void> {
  await data.listing.create({ ...key, data: { ...fields, changedBy: by } });
}

export async function change(data: Data, key: Key, fields: Fields, by: string): Promise<void> {
  await data.listing.update(key, { ...fields, changedBy: by });
}

/** A deletion has no payload, so whoever deletes signs the item first. */
export async function withdraw(data: Data, key: Key, by: string): Promise<void> {
  const { updatedAt } = await data.listing.update(key, { changedBy: by });
  await data.listing.delete(key, { ifUpdatedAt: updatedAt });
}

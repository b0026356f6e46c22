/** What an item leads to: its parents, its children, and its user. */
import { ArrowUpRight } from "lucide-react";
import type { EntityDescription, LinkDescription, SentItem } from "../protocol.js";
import { storeTitle } from "./format.js";
import { Link } from "./link.js";

interface LinksProps {
  readonly entity: EntityDescription;
  readonly item: SentItem;
}

export function Links({ entity, item }: LinksProps) {
  const user = item.key.userId ?? item.key.agentId;
  const places = entity.links.flatMap((link) => {
    const to = placeOf(link, item);
    return to === undefined ? [] : [{ to, label: labelOf(link) }];
  });
  if (user === undefined && places.length === 0) return null;
  return (
    <ul className="links" aria-label="Where it leads">
      {places.map(({ to, label }) => (
        <li key={label}>
          <Link to={to}>
            {label} <ArrowUpRight aria-hidden />
          </Link>
        </li>
      ))}
      {user !== undefined && (
        <li>
          <Link to={{ view: "user", user: String(user) }}>
            Everything of this user <ArrowUpRight aria-hidden />
          </Link>
        </li>
      )}
    </ul>
  );
}

const labelOf = ({ kind, store }: LinkDescription): string =>
  kind === "one" ? `Its ${storeTitle(store).toLowerCase()}` : `${storeTitle(store)} of it`;

function placeOf(
  { store, kind, parts, where }: LinkDescription,
  { key, data }: SentItem,
): Record<string, string> | undefined {
  const values = Object.entries(parts).map(([part, member]): [string, unknown] => [
    part,
    member.startsWith("data.") ? data[member.slice("data.".length)] : key[member],
  ]);
  const areThere = values.every(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  if (!areThere) return undefined;
  const text = JSON.stringify(Object.fromEntries(values));
  if (kind === "one") return { view: "entity", store, item: text };
  const filters = [{ field: where?.field, operator: "eq", value: key[where?.part ?? ""] }];
  return { view: "entity", store, parts: text, filters: JSON.stringify(filters) };
}

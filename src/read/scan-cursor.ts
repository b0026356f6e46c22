/** Cursors of scans: where each segment continues. A cursor is bound to the entity and to the segments. */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import type { RawKey } from "../table/table.js";
import { cursorOf, fieldsOf } from "./cursor-text.js";

/** Where a segment continues: after this key, at its beginning, or not at all. */
export type SegmentPosition = RawKey | "start" | "end";

/** The most segments of one scan. A cursor has a key for each. */
export const mostSegments = 64;

/**
 * A limit on a cursor's characters that no valid cursor reaches. Each key has at most 3 KB, which is
 * 18 KB if JSON escapes each byte. Base64url adds a third, and adds it twice if the cursor is sealed.
 */
export const mostScanCursorLength = mostSegments * 33_000;

const kind = "scan";
const version = 1;

/** Makes a cursor that continues each segment at its position. */
export function encodeScanCursor(entity: string, positions: readonly SegmentPosition[]): string {
  const places = positions.map((at) => (typeof at === "string" ? at : [at.PK, at.SK]));
  return cursorOf([kind, version, entity, places]);
}

/**
 * Reads a cursor.
 * @param segments how many the caller asked for; `undefined` for those of the cursor
 * @throws ValidationError for a cursor of another entity or of other segments, and for any other value
 */
export function decodeScanCursor(
  cursor: unknown,
  entity: string,
  segments: number | undefined,
  context: CallContext,
): readonly SegmentPosition[] {
  const refuse = (message: string) => invalidAt(context, "cursor", message);
  const fields = fieldsOf(cursor);
  const [of, at, name, places] = Array.isArray(fields) ? (fields as unknown[]) : [];
  const isOurs = of === kind && at === version && typeof name === "string" && Array.isArray(places);
  if (!isOurs) throw refuse(notOurs);
  if (name !== entity) throw refuse("belongs to another entity");
  const positions = places.map(positionOf).filter((position) => position !== undefined);
  const isWhole = positions.length === places.length && positions.length <= mostSegments;
  // The last page of a scan has no cursor.
  if (!isWhole || positions.every((position) => position === "end")) throw refuse(notOurs);
  if (segments !== undefined && segments !== positions.length) {
    throw refuse(`belongs to a scan in ${positions.length} segments`);
  }
  return positions;
}

const notOurs = "is not one that a scan returned";

function positionOf(place: unknown): SegmentPosition | undefined {
  if (place === "start" || place === "end") return place;
  if (!Array.isArray(place) || place.length !== 2) return undefined;
  const isKey = place.every(
    (text) => typeof text === "string" && text !== "" && text.isWellFormed(),
  );
  return isKey ? { PK: place[0], SK: place[1] } : undefined;
}

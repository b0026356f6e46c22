/** What the grid does of what TanStack Table can: the sorting and the widths of its columns. */
import { columnSizingFeature, rowSortingFeature, tableFeatures } from "@tanstack/react-table";

export const features = tableFeatures({
  rowSortingFeature,
  columnSizingFeature,
});

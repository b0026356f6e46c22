/** The items of an entity as a grid: of a partition, of an index, or of the whole table. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { BrowseInput, BrowsePage, EntityDescription, Filter } from "../protocol.js";
import { useEntity } from "./about.js";
import { ask } from "./api.js";
import { ExportButton } from "./export-button.js";
import { Filters } from "./filters.js";
import { counted, plural, storeTitle } from "./format.js";
import { Grid } from "./grid.js";
import { presentFields } from "./grid-columns.js";
import { ItemPanel } from "./item-panel.js";
import { pageSize, readsOnByItself } from "./paging.js";
import { filtersIn, partsIn, type Route, useChangeRoute, useRoute } from "./route.js";
import { rowId, useSelection } from "./selection.js";
import { Empty, Failed, Waiting } from "./state.js";
import { Where } from "./where.js";

export function Browse() {
  const { store } = useRoute();
  const entity = useEntity(store);
  if (entity === undefined) return <Empty title="There is no such entity in this table." />;
  return <EntityScreen entity={entity} />;
}

/** What the address asks for. */
function inputOf(
  route: Route,
  store: string,
): BrowseInput & { readonly filters: readonly Filter[] } {
  const { user, index, creation, desc } = route;
  const filters = filtersIn(route);
  const parts = partsIn(route, "parts");
  return {
    store,
    filters,
    limit: pageSize,
    ...(user !== undefined && { user }),
    ...(parts !== undefined && { parts }),
    ...(index !== undefined && { index }),
    ...(creation === "1" && { byCreation: true }),
    ...(desc === "1" && { descending: true }),
  };
}

/** The pages of items that an address asks for. */
function useItems(input: BrowseInput) {
  return useInfiniteQuery({
    queryKey: ["browse", input],
    queryFn: async ({ pageParam, signal }) => {
      const page = await ask<BrowsePage>("browse", { ...input, cursor: pageParam }, signal);
      // Made page by page, they take no time when all rows are selected.
      page.items.forEach(rowId);
      return page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    // Comparing what was read before with itself takes longer the more there is.
    structuralSharing: false,
  });
}

function EntityScreen({ entity }: { readonly entity: EntityDescription }) {
  const route = useRoute();
  const change = useChangeRoute();
  const input = inputOf(route, entity.store);
  const query = useItems(input);
  const pages = query.data?.pages;
  const items = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  const present = usePresent(pages);
  const selection = useSelection(items);
  const open = partsIn(route, "item");
  return (
    <div className="split" data-open={open !== undefined}>
      <div className="screen fill">
        <div className="title-row">
          <h1>{storeTitle(entity.store)}</h1>
          <Count query={query} items={items.length} />
        </div>
        <div className="tools">
          <Where key={`${route.index} ${route.parts} ${route.creation}`} entity={entity} />
          <Filters entity={entity} filters={input.filters} />
          <ExportButton entity={entity} items={items} selected={selection.items} />
        </div>
        <QueryState query={query} items={items.length} entity={entity} filters={input.filters} />
        {(items.length > 0 || query.hasNextPage) && (
          <Grid
            entity={entity}
            items={items}
            present={present}
            selection={selection}
            opened={open}
            onOpen={(key) => change({ item: JSON.stringify(key) })}
            {...(query.hasNextPage && {
              more: {
                read: () => void query.fetchNextPage(),
                byItself: query.error === null && readsOnByItself(pages ?? []),
                isReading: query.isFetchingNextPage,
              },
            })}
          />
        )}
      </div>
      {open !== undefined && (
        <ItemPanel
          key={JSON.stringify(open)}
          entity={entity}
          itemKey={open}
          onClose={() => change({ item: undefined })}
        />
      )}
    </div>
  );
}

interface QueryStateProps {
  readonly query: ReturnType<typeof useItems>;
  readonly items: number;
  readonly entity: EntityDescription;
  readonly filters: readonly Filter[];
}

/** What there is to say beside the rows, or instead of them. */
function QueryState({ query, items, entity, filters }: QueryStateProps) {
  // The pages before have their units behind them: only the one that failed is read.
  const again = () => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch());
  return (
    <>
      {query.error !== null && <Failed error={query.error} onRetry={again} />}
      {query.isPending && <Waiting what={storeTitle(entity.store).toLowerCase()} />}
      {query.data !== undefined && items === 0 && !query.hasNextPage && (
        <Empty title="No items.">
          {filters.length > 0
            ? "No item fulfils all filters."
            : "There is none of this entity here."}
        </Empty>
      )}
    </>
  );
}

/** What was found on pages before is not looked for again. */
const presentOn = new WeakMap<BrowsePage, readonly string[]>();

function presentOf(page: BrowsePage): readonly string[] {
  let names = presentOn.get(page);
  if (names === undefined) {
    names = presentFields(page.items);
    presentOn.set(page, names);
  }
  return names;
}

/** The fields that any item has. The same list as before if no other one came, so that no column is made anew. */
function usePresent(pages: readonly BrowsePage[] | undefined): readonly string[] {
  const text = useMemo(
    () => JSON.stringify([...new Set(pages?.flatMap(presentOf) ?? [])]),
    [pages],
  );
  return useMemo(() => JSON.parse(text) as string[], [text]);
}

interface CountProps {
  readonly query: {
    readonly data: { readonly pages: readonly BrowsePage[] } | undefined;
    readonly hasNextPage: boolean;
  };
  readonly items: number;
}

function Count({ query: { data, hasNextPage }, items }: CountProps) {
  if (data === undefined) return null;
  const scanned = data.pages.reduce((sum, page) => sum + (page.scanned ?? 0), 0);
  return (
    <p className="dim" role="status">
      {hasNextPage ? `${counted(items)} so far` : plural(items, "item")}
      {scanned > 0 && `, found among ${counted(scanned)} items of the table`}
    </p>
  );
}

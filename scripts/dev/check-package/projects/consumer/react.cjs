// A page's data in an application on CommonJS; react.mjs gives the same doors as ES modules.
const assert = require("node:assert/strict");

/** Reads, and writes optimistically, over whatever API. */
async function useDoors({ query, react, legacy }) {
  const names = ["createQueries", "hydrationDefaults", "useLive"];
  assert.deepEqual(Object.keys(react).sort(), names);
  assert.deepEqual(Object.keys(legacy).sort(), ["LegacyDataProvider", "useItem", "useQuery"]);
  const item = { projectId: "p1", data: { name: "Spring" }, createdAt: 1, updatedAt: 1 };
  const project = {
    get: async () => item,
    update: async (_key, changes) => ({
      ...item,
      data: { ...item.data, ...changes },
      updatedAt: 2,
    }),
  };
  const client = new query.QueryClient({ defaultOptions: react.hydrationDefaults });
  const q = react.createQueries({ project });
  assert.deepEqual(await client.fetchQuery(q.project.get({ projectId: "p1" })), item);
  const save = new query.MutationObserver(client, q.project.update({ optimistic: true }));
  await save.mutate([{ projectId: "p1" }, { name: "Summer" }]);
  const { queryKey } = q.project.get({ projectId: "p1" });
  assert.equal(client.getQueryData(queryKey).data.name, "Summer");
  const carried = JSON.parse(JSON.stringify(query.dehydrate(client)));
  const page = new query.QueryClient({ defaultOptions: react.hydrationDefaults });
  query.hydrate(page, carried);
  assert.equal(page.getQueryData(queryKey).data.name, "Summer");
  assert.throws(() => q.project.gett(), { name: "ValidationError" });
}

module.exports = { useDoors };

if (require.main === module) {
  const doors = {
    query: require("@tanstack/react-query"),
    react: require("bayon-coagent-data/react"),
    legacy: require("bayon-coagent-data/react/legacy"),
  };
  useDoors(doors).then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

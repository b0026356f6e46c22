/** Each caller of a get has its own item, also of a client that returns the same object again. */
import { createDataLayer } from "../../src/data-layer.js";

const key = { userId: "u1", contentId: "c1" };
const stored = () => ({
  PK: "USER#u1",
  SK: "CONTENT#c1",
  EntityType: "SavedContent",
  Data: { title: "stored", tags: ["a"] },
  CreatedAt: 1,
  UpdatedAt: 1,
});

function layerOver(item: object) {
  const client = { send: async () => ({ Item: item }) };
  return createDataLayer({ environment: "local", tableName: "Own", client });
}

test("the changes of a caller do not reach one that is given the same object later", async () => {
  const item = stored();
  const { savedContent } = layerOver(item);
  const one = await savedContent.get(key);
  // Nothing is copied for the first.
  expect(one?.data).toBe(item.Data);
  if (one) Object.assign(one.data, { title: "changed" });
  const other = await savedContent.get(key);
  expect(other?.data).toEqual({ title: "changed", tags: ["a"] });
  if (other) other.data.title = "changed again";
  const [third, fourth] = await Promise.all([savedContent.get(key), savedContent.get(key)]);
  expect(third?.data.title).toBe("changed");
  if (third) third.data.title = "changed by the third";
  expect(fourth?.data.title).toBe("changed");
});

test("an object that cannot be changed is read, and each caller can change its own item", async () => {
  const item = Object.freeze(stored());
  const { savedContent } = layerOver(item);
  for (let n = 0; n < 2; n += 1) {
    const found = await savedContent.get(key);
    expect(found?.data.title).toBe("stored");
    if (found) found.data.title = "changed";
  }
});

test("no mark is seen on the object", async () => {
  const item = stored();
  await layerOver(item).savedContent.get(key);
  expect(Reflect.ownKeys(item)).toEqual(Reflect.ownKeys(stored()));
});

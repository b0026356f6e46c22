// The package as an ES module and as CommonJS in one process: two copies of everything.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import * as esm from "bayon-coagent-data";

const cjs = createRequire(import.meta.url)("bayon-coagent-data");
assert.notEqual(esm.DynamoDBError, cjs.DynamoDBError, "these are no two copies");

const key = { userId: "copies", projectId: "p1" };
for (const [own, other] of [
  [esm, cjs],
  [cjs, esm],
]) {
  const data = own.createDataLayer();
  await data.project.put({ ...key, data: { name: "Spring" } });
  const thrown = async (work) => {
    const error = await work.then(
      () => null,
      (reason) => reason,
    );
    assert.ok(error instanceof other.DynamoDBError, "no DynamoDBError of the other copy");
    assert.ok(other.isDynamoDBError(error));
    return error;
  };
  const missing = await thrown(data.project.getOrThrow({ ...key, projectId: "none" }));
  assert.ok(missing instanceof other.ItemNotFoundError);
  assert.ok(!(missing instanceof other.ValidationError));
  const refused = await thrown(data.project.create({ ...key, data: { name: "Autumn" } }));
  assert.ok(refused instanceof other.ConditionalCheckFailedError);
  assert.equal(refused.item.data.name, "Spring");
  const invalid = await thrown(data.project.get({ ...key, userId: "" }));
  assert.ok(invalid instanceof other.ValidationError);
  const wrapped = other.wrapDynamoDBError(invalid);
  assert.ok(wrapped instanceof other.ValidationError && wrapped instanceof own.ValidationError);
  assert.equal(wrapped.issues[0].path, "userId");
  await data.close();
}

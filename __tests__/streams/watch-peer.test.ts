/** `watch` where its optional package is not installed, and where it is given. */
import * as sdk from "@aws-sdk/client-dynamodb-streams";
import { readItemStream } from "../../src/explorer/item-stream.js";
import { ConfigurationError } from "../../src/index.js";
import { sourceOf } from "../../src/store/layer-source.js";
import { watch } from "../../src/streams/index.js";
import { ScriptedStream } from "./scripted-stream.js";

jest.mock("../../src/runtime/installed.js", () => ({
  ...jest.requireActual("../../src/runtime/installed.js"),
  installed: () => null,
}));

test("watch names the package that it lacks and how to install it, and takes it as an option", async () => {
  const stream = await ScriptedStream.open();
  const data = stream.layer();
  try {
    stream.shard("a");
    stream.write("a", { item: "x", n: 1 });
    const changes = watch(data)[Symbol.asyncIterator]();
    const error = await changes.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("npm install @aws-sdk/client-dynamodb-streams@3");
    const source = sourceOf(data);
    if (source === undefined) throw new Error("it is no data layer");
    // The explorer's history says the same.
    const reading = { signal: new AbortController().signal, onRequest: () => undefined };
    await expect(readItemStream(source, data, { PK: "a", SK: "b" }, reading)).rejects.toThrow(
      "npm install @aws-sdk/client-dynamodb-streams@3",
    );
    expect(stream.asked).toEqual([]);
    const given = watch(data, { from: "start", sdk })[Symbol.asyncIterator]();
    expect((await given.next()).value).toMatchObject({ kind: "created" });
    await given.return?.();
  } finally {
    await data.close();
    await stream.close();
  }
});

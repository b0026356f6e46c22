/** Changes from the table to a page: over real HTTP, and with the connection cut wherever it hurts. */
import { createDataClient, live } from "../../src/browser/index.js";
import { ConfigurationError } from "../../src/index.js";
import { type ChangeHub, createChangeHub } from "../../src/server/index.js";
import { engines } from "../engines.js";
import { changeOf, listen, until } from "./listening.js";
import { type Api, serveTable } from "./serving.js";

describe("live", () => {
  const [{ engine } = { engine: "" }] = engines;
  const hub: ChangeHub = createChangeHub();
  const served = serveTable(engine, { live: hub });

  test("tells a change of the user's own, without the user's id and the payload", async () => {
    const heard = listen(served.client({ user: "me" }));
    await until(() => heard.states.includes("open"));
    hub.publish(changeOf("other", "not-mine"));
    const change = changeOf("me", "c1", 7);
    hub.publish(change);
    await until(() => heard.events.length > 0);
    expect(heard.events).toEqual([
      {
        kind: "updated",
        entity: "savedContent",
        key: { contentId: "c1" },
        updatedAt: 7,
        id: change.id,
      },
    ]);
    expect(heard.states).toEqual(["open"]);
    heard.stop();
  });

  test("tells a key of any characters as it is (one could end a line)", async () => {
    const heard = listen(served.client({ user: "odd" }));
    await until(() => heard.states.includes("open"));
    const ids = [
      "x\u2028event: reset\u2028data: {}",
      "a\nevent: reset\n\n",
      "\r\r: :\u2029",
      "é😀",
    ];
    for (const id of ids) hub.publish(changeOf("odd", id));
    await until(() => heard.events.length === ids.length);
    expect(heard.events.map((event) => "key" in event && event.key.contentId)).toEqual(ids);
    heard.stop();
  });

  test("shares one connection between all listeners of a client, and closes it with the last", async () => {
    let requests = 0;
    const counting: typeof fetch = (input, init) => {
      requests += 1;
      return fetch(input, init);
    };
    const api = createDataClient<Api>({
      url: served.url,
      headers: { "x-test-user": "shared" },
      fetch: counting,
    });
    const one = listen(api);
    await until(() => one.states.includes("open"));
    const two = listen(api);
    await until(() => two.states.includes("open"));
    hub.publish(changeOf("shared", "c1"));
    await until(() => one.events.length + two.events.length === 2);
    one.stop();
    hub.publish(changeOf("shared", "c2"));
    await until(() => two.events.length === 2);
    expect([one.events.length, requests]).toEqual([1, 1]);
    two.stop();
    two.stop();
  });

  test("says that there is none if the handler has no changes, or refuses them", async () => {
    const heard = listen(served.client({ user: "" }));
    await until(() => heard.states.length > 0);
    expect(heard.states).toEqual(["none"]);
    heard.stop();
  });

  test.each([
    ["no client", () => live({}, () => undefined), /takes what createDataClient returns/],
    ["no listener", () => live(served.client(), undefined as never), /takes functions/],
    [
      "a signal that is none",
      () => live(served.client(), () => undefined, { signal: {} as never }),
      /signal must be an AbortSignal/,
    ],
    [
      "an unknown option",
      () => live(served.client(), () => undefined, { onstate: 1 } as never),
      /"onstate" is not an option/,
    ],
  ])("refuses %s at once", (_, call, message) => {
    expect(call).toThrow(ConfigurationError);
    expect(call).toThrow(message);
  });
});

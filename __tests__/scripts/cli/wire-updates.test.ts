/** Commands that update items, on a wire that breaks: they do all their work, and count it right. */
import { both, isSealed, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { everySeventh, hitsOf, updateFaults, wireFaults } from "../wire-faults.js";
import { brokenWire, command, concurrency, failureIn, faultNamesOn, told } from "./broken-wire.js";

const variable = "COAGENT_ENCRYPTION_KEYS";
afterEach(() => {
  delete process.env[variable];
});

describe.each(engines)("on $name", ({ engine }) => {
  const { temporary, filled, proxyTo } = brokenWire(engine);

  const faultsOfUpdates = { ...wireFaults, ...updateFaults };
  const ofUpdates = [
    ...faultNamesOn(engine).filter((name) => name !== "half a batch"),
    ...(Object.keys(updateFaults) as (keyof typeof updateFaults)[]),
  ];

  test.each(ofUpdates)(
    "rotate leaves no token in clear text, and counts each, through %s",
    async (name) => {
      const table = await filled();
      const { proxy, flags } = await proxyTo(table);
      process.env[variable] = variableOf(both);
      proxy.inject(everySeventh(faultsOfUpdates[name]));
      const args = ["rotate", "--json", ...flags, "--state", temporary(), ...concurrency];
      const { code, complaints, out } = await command(args);
      expect(hitsOf(proxy)).toBeGreaterThan(0);
      expect(failureIn({ code, complaints })).toBeUndefined();
      expect(told(out)).toMatchObject({ items: 32, rotated: { "(clear text)": 32 }, current: 0 });
      const tokens = (await table.all()).filter(({ EntityType }) => EntityType === "OAuthToken");
      const secrets = tokens.flatMap(({ Data }) => {
        const { accessToken, refreshToken } = Data as Record<string, unknown>;
        return [accessToken, refreshToken];
      });
      expect(secrets.map(isSealed)).toEqual(Array.from({ length: 32 }, () => true));
    },
  );

  test.each(ofUpdates)("adopt completes every item, and counts each, through %s", async (name) => {
    const table = await filled();
    const { proxy, flags } = await proxyTo(table);
    proxy.inject(everySeventh(faultsOfUpdates[name]));
    const args = ["adopt", "--json", ...flags, "--state", temporary(), ...concurrency];
    const { code, complaints, out } = await command(args);
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(told(out)).toMatchObject({
      items: 32,
      entities: {
        SavedContent: { adopted: 16, complete: 0 },
        OAuthToken: { adopted: 0, complete: 16 },
      },
      left: {},
    });
    const bare = (await table.all()).filter(({ userId }) => userId === undefined);
    expect(bare).toEqual([]);
  });
});

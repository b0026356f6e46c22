/** Secrets and causes: what is asked for by fields, conditions and errors stays on the server. */
import { z } from "zod";
import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  secret,
  times,
} from "../../src/index.js";
import { fixtures } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { cursorSecret, errorOf, handlerOf, requestOf, sent, textOf, valueFrom } from "./serving.js";

const canary = "canary-5c6f1d";

const vaultPayload = z.looseObject({
  label: z.string(),
  pin: secret(z.string().optional()),
});
const vaultSchema = () => ({
  model: model("Vault"),
  attributes: { userId: keyPart, vaultId: keyPart, data: data(vaultPayload), ...times },
  indexes: { byKey: byKey("USER#${userId}", "VAULT#${vaultId}", { collection: "workspace" }) },
});
const vault = {
  payload: vaultPayload,
  schema: vaultSchema,
  entity: (config: EntityConfig) => new Entity(vaultSchema(), configure(config)),
};
const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };

describe.each(
  engines.flatMap((one) => [one, { ...one, name: `${one.name}, encrypted`, encryption }]),
)("a handler on $name", (setting) => {
  const table = openTable({ ...setting, cursorSecret }, { entities: { vault } } as object);
  const open = (options: object = {}) =>
    handlerOf(table.data, {
      expose: { vault: true, oauthToken: true, oauth: true, collections: true, project: true },
      ...options,
    });
  const scope = () =>
    table.data.forUser("me") as unknown as {
      vault: { put(input: object): Promise<unknown>; get(key: object): Promise<unknown> };
    };

  beforeEach(async () => {
    await scope().vault.put({ vaultId: "v1", data: { label: "safe", pin: canary } });
    await table.data.oauthToken.put({
      ...fixtures.oauthToken,
      userId: "me",
      provider: "google",
      data: { ...fixtures.oauthToken.data, accessToken: canary, refreshToken: canary },
    });
    table.data.wire.clear();
  });

  const vaultKey = { vaultId: "v1" };
  const tokenKey = { provider: "google" };
  const calls = [
    ["vault", "get", vaultKey],
    ["vault", "getOrThrow", vaultKey],
    ["vault", "query", {}, {}],
    ["vault", "list", {}, {}],
    ["vault", "batchGet", [vaultKey]],
    ["vault", "update", vaultKey, { label: "other" }],
    ["vault", "update", vaultKey, { label: "other" }, { returning: "both" }],
    ["vault", "upsert", { ...vaultKey, data: { label: "new", pin: canary } }],
    ["vault", "put", { ...vaultKey, data: { label: "new", pin: canary } }, { returning: "both" }],
    ["vault", "create", { data: { label: "new", pin: canary } }],
    ["vault", "create", { ...vaultKey, data: { label: "new", pin: "other" } }],
    ["vault", "update", vaultKey, { label: "x" }, { ifUpdatedAt: 1 }],
    ["vault", "update", vaultKey, { label: "x" }, { where: { label: "no" } }],
    ["vault", "delete", vaultKey, { where: { label: "no" } }],
    ["vault", "delete", vaultKey],
    ["oauthToken", "get", tokenKey],
    ["oauthToken", "query", {}, {}],
    ["oauthToken", "update", tokenKey, { note: "x" }],
    ["oauthToken", "delete", tokenKey],
    ["oauth", "isConnected", "google"],
    ["oauth", "remove", "google"],
    ["collections", "workspace"],
    ["collections", "recent", { limit: 5 }],
  ] as const;

  test.each(calls)("%s.%s(%j, …) answers without a secret", async (store, call, ...input) => {
    const { text, results } = await sent(open(), requestOf(textOf([{ store, call, input }])));
    expect(results).toHaveLength(1);
    expect(text).not.toContain(canary);
    expect(text).not.toMatch(/"(?:pin|accessToken|refreshToken)"/);
  });

  test("what is no secret is answered, so that the test above could fail", async () => {
    const item = await valueFrom(open(), { store: "vault", call: "get", input: [vaultKey] });
    expect(item).toMatchObject({ vaultId: "v1", data: { label: "safe" } });
    const page = await valueFrom(open(), { store: "collections", call: "workspace", input: [] });
    expect((page as { vault: unknown[] }).vault).toContainEqual(
      expect.objectContaining({ vaultId: "v1", data: { label: "safe" } }),
    );
  });

  test("an error's item has no secret", async () => {
    const input = [vaultKey, { label: "x" }, { ifUpdatedAt: 1 }];
    const { code, more } = await errorOf(open(), { store: "vault", call: "update", input });
    expect(code).toBe("ConditionalCheckFailedException");
    expect(more).toMatchObject({ item: { vaultId: "v1", data: { label: "safe" } } });
  });

  test.each([
    [{ fields: ["pin"] }, "fields.0"],
    [{ fields: ["label", "pin"] }, "fields.1"],
    [{ fields: [["pin", "deep"]] }, "fields.0"],
    [{ fields: [["pin"]] }, "fields.0"],
    [{ where: { pin: canary } }, "where.pin"],
    [{ where: { pin: null } }, "where.pin"],
    [{ where: { label: "safe", pin: { in: [canary] } } }, "where.pin"],
  ])("%j is refused before anything is sent", async (options, path) => {
    for (const [call, ...input] of [
      ["query", {}, options],
      ["list", {}, options],
      ["get", vaultKey, options],
    ] as const) {
      if (call === "get" && "where" in options) continue;
      const { issues } = await errorOf(open(), { store: "vault", call, input });
      expect(issues?.map((issue) => issue.path)).toEqual([path]);
    }
    for (const call of ["update", "delete"]) {
      if (!("where" in options)) continue;
      const input = call === "update" ? [vaultKey, { label: "x" }, options] : [vaultKey, options];
      const { issues } = await errorOf(open(), { store: "vault", call, input });
      expect(issues?.map((issue) => issue.path)).toEqual([path]);
    }
    expect(table.data.wire.requests).toEqual([]);
  });

  test("a receipt keeps no payload and no secret", async () => {
    const id = "00000000-0000-4000-8000-0000000000aa";
    const input = [{ ...vaultKey, data: { label: "in the table alone", pin: canary } }];
    await valueFrom(open(), { store: "vault", call: "put", input, id });
    const receipt = await table.raw.get("MUTATION#me", `MUTATION#${id}`);
    expect(receipt).toMatchObject({ Data: { state: "done", key: vaultKey } });
    expect(JSON.stringify(receipt)).not.toMatch(/canary|in the table/);
  });

  test("an error tells nothing of the process, the table, or of AWS", async () => {
    const reported: unknown[] = [];
    const causes = [
      Object.assign(new Error(`User: arn:aws:sts::1:role/x may not ${canary}`), {
        name: "AccessDeniedException",
        $metadata: { httpStatusCode: 400, requestId: canary },
      }),
      Object.assign(new Error(`table ${canary} in us-east-1`), {
        name: "ResourceNotFoundException",
        $metadata: { httpStatusCode: 400 },
      }),
      Object.assign(new Error(`Value '${canary}' of :v`), {
        name: "ValidationException",
        $metadata: { httpStatusCode: 400 },
      }),
      Object.assign(new Error(canary), { code: "ECONNREFUSED" }),
      new TypeError(canary),
    ];
    for (const cause of causes) {
      const get = jest.fn().mockRejectedValue(cause);
      const forUser = (userId: string) => {
        const real = table.data.forUser(userId) as unknown as Record<string, unknown>;
        return { project: Object.assign({}, real.project, { get }), vault: real.vault };
      };
      const data = Object.create(table.data, { forUser: { value: forUser } }) as unknown;
      const failing = handlerOf(data, {
        expose: { project: ["get"] },
        onError: (error: unknown) => reported.push(error),
      });
      const { text } = await sent(
        failing,
        requestOf(textOf([{ store: "project", call: "get", input: [{ projectId: "p" }] }])),
      );
      expect(text).not.toMatch(/canary|arn:|us-east|Value|stack|cause/);
      expect(reported.at(-1)).toBe(cause);
    }
  });

  test("what authenticate throws is reported, and nothing of it is answered", async () => {
    const reported: unknown[] = [];
    const failure = new Error(canary);
    const authenticate = async () => {
      throw failure;
    };
    const text = textOf([{ store: "project", call: "query", input: [] }]);
    const onError = (error: unknown) => reported.push(error);
    const answer = await sent(open({ authenticate, onError }), requestOf(text));
    expect([answer.status, answer.text.includes(canary)]).toEqual([500, false]);
    expect(reported).toEqual([failure]);
    await expect(open({ authenticate }).POST(requestOf(text))).rejects.toBe(failure);
  });

  test("an id that authenticate returns and no key can hold is the server's fault, not told", async () => {
    const onError = jest.fn();
    const handler = open({ authenticate: async () => `${canary}\ud800`, onError });
    const { status, text } = await sent(
      handler,
      requestOf(textOf([{ store: "project", call: "query", input: [] }])),
    );
    expect([status, text.includes("canary")]).toEqual([500, false]);
    expect(onError).toHaveBeenCalledTimes(1);
  });
});

/** Any value that DynamoDB can hold comes back from encryption as it was. */
import fc from "fast-check";
import { createClients } from "../../src/client/client.js";
import { compileTemplate } from "../../src/keys/template.js";
import { createCipher, mostSealedBytes } from "../../src/secrets/encryption.js";
import { createFieldGuard } from "../../src/secrets/field-guard.js";
import { SecretValue } from "../../src/secrets/secret-value.js";
import type { RawItem } from "../../src/table/table.js";
import { createTransport } from "../../src/transport/transport.js";
import { anyText } from "../any-text.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { id, tries, value } from "../properties/arbitraries.js";
import { both, isSealed, newKey } from "./keys.js";

const call = { context: {} };

test("no sealed value is longer than was counted for it", async () => {
  const place = { key: { PK: "p", SK: "s" }, field: "f" };
  await fc.assert(
    fc.asyncProperty(anyText(), fc.nat(99), async (text, more) => {
      const id = `k${"x".repeat(more)}`;
      const cipher = createCipher({ keys: { [id]: newKey }, current: id });
      const sealed = await cipher.seal(text, place, await cipher.currentKey());
      const most = mostSealedBytes(Buffer.byteLength(text));
      expect(sealed.length).toBeLessThanOrEqual(most);
      // What an id that is not known yet may take is all that is too much.
      expect(most - sealed.length).toBeLessThanOrEqual(140);
      if (id.length === 100) expect(sealed.length).toBe(most);
    }),
    { ...tries(100), examples: [["", 99]] },
  );
});

test("a sealed value of which a bit was changed is not opened, though it may decode to the same bytes", async () => {
  const place = { key: { PK: "p", SK: "s" }, field: "f" };
  const cipher = createCipher(both);
  const sealed = await cipher.seal("secret", place, await cipher.currentKey());
  expect(await cipher.open(sealed, place)).toEqual({ text: "secret" });
  // The tag has 16 bytes: four bits of its last character are none of it.
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = digits.indexOf(sealed.slice(-1));
  const other = sealed.slice(0, -1) + digits.charAt(last + 1);
  const bytesOf = (text: string) => Buffer.from(text.split(".").at(-1) ?? "", "base64url");
  expect(bytesOf(other)).toEqual(bytesOf(sealed));
  expect(await cipher.open(other, place)).not.toHaveProperty("text");
});

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);

  test("whatever is encrypted is read back as it was, by items and by expressions", async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName: TableName } = table.data.configuration;
    const place = { environment: "development", endpoint, region, credentials } as const;
    const { client, documentClient } = createClients({ ...place, tableName: TableName });
    const entity = {
      name: "OAuthToken",
      pk: compileTemplate("OAUTH#${userId}"),
      sk: compileTemplate("${provider}"),
      fields: ["one", "two"],
      versioned: false,
    } as const;
    const guard = createFieldGuard([entity], createCipher(both));
    const transport = createTransport({ client: documentClient, guard });
    await fc.assert(
      fc.asyncProperty(id, value, value, async (SK, first, second) => {
        fc.pre(first !== null && second !== null);
        const key = { PK: "OAUTH#u", SK };
        const one = new SecretValue(first, { key, field: "one" });
        const two = new SecretValue(second, { key, field: "two" });
        const Item = { ...key, EntityType: "OAuthToken", Data: { one, other: 1 } };
        await transport.send("Put", { TableName, Item }, call);
        await transport.send(
          "Update",
          {
            TableName,
            Key: key,
            UpdateExpression: "SET #d.#t = :t",
            ExpressionAttributeNames: { "#d": "Data", "#t": "two" },
            ExpressionAttributeValues: { ":t": two },
          },
          call,
        );
        const raw = await table.raw.get("OAUTH#u", SK);
        const { Data } = raw as { Data: Record<string, unknown> };
        expect([isSealed(Data.one), isSealed(Data.two), Data.other]).toEqual([true, true, 1]);
        const read = await transport.send("Get", { TableName, Key: key }, call);
        expect((read.Item as RawItem).Data).toEqual({ one: first, two: second, other: 1 });
      }),
      tries(60),
    );
    client.destroy();
  });
});

/** The floor of `npm run bench` is a measure only if it does what any client has to. */
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { cellsOverHttp, rawItem } from "../../../scripts/bench/canned.js";
import { floor, signature } from "../../../scripts/bench/floor.js";
import { openWire } from "../../../scripts/bench/wires.js";

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the SDK sends, before it is sent. */
async function sentBySdk(command: GetItemCommand | ScanCommand, region: string): Promise<Sent> {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
  let sent: Sent | undefined;
  const requestHandler = {
    handle: async (request: Sent) => {
      sent = request;
      throw new Error("seen");
    },
  };
  const client = new DynamoDBClient({
    ...{ region, credentials, maxAttempts: 1 },
    requestHandler: requestHandler as never,
  });
  await expect(client.send(command as never)).rejects.toThrow("seen");
  if (sent === undefined) throw new Error("nothing was sent");
  return sent;
}

describe("the floor's signature", () => {
  test.each([
    [new GetItemCommand({ TableName: "t", Key: { PK: { S: "ü#✓ a+b" } } }), "eu-central-1"],
    [new ScanCommand({ TableName: "t" }), "us-east-1"],
  ])("is the SDK's, for the same headers", async (command, region) => {
    const { headers, body } = await sentBySdk(command, region);
    const { authorization = "", ...others } = headers;
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ?? [];
    expect(names.length).toBeGreaterThan(3);
    const signed = Object.fromEntries(names.map((name) => [name, others[name] ?? ""]));
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
    expect(signature(signed, body, credentials, region)).toBe(authorization);
  });
});

describe("the floor", () => {
  const wire = openWire(undefined);
  const { cells } = floor(wire);

  test("has every cell that is measured over HTTP", () => {
    expect(Object.keys(cells).sort()).toEqual([...cellsOverHttp].sort());
  });

  test("makes native items of what is read", async () => {
    wire.answer("get");
    expect(await cells.get?.()).toEqual({ Item: rawItem(0) });
    wire.answer("query100");
    const items = Array.from({ length: 100 }, (_, index) => rawItem(index));
    expect(await cells.query100?.()).toMatchObject({ Count: 100, Items: items });
  });
});

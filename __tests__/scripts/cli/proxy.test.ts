/**
 * Commands behind a real proxy on this machine, which alone knows the host of the table: a command that
 * reaches it has gone through the tunnel.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData } from "../run.js";
import { environment, read, root } from "./processes.js";

const host = "dynamodb.test";
const servers: Server[] = [];
const names = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"];
const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
const before = [...names, ...Object.keys(keys)].map((name) => [name, process.env[name]] as const);
let engine: Engine;
let folder: string;
let proxy: string;
let securePort: number;
/** The tunnels that the proxy was asked for, and with which credentials. */
let tunnels: { readonly to: string | undefined; readonly authorization: string | undefined }[];
let open: boolean;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  engine = await startEngine();
  folder = mkdtempSync(join(tmpdir(), "proxy-"));
  const made = await generate([{ name: "commonName", value: host }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: host }] },
    ],
  });
  writeFileSync(join(folder, "ca.pem"), made.cert);
  // DynamoDB as the world sees it: TLS in front of the engine.
  const secure = createSecureServer({ key: made.private, cert: made.cert }, (asked, answer) => {
    const { headers, method } = asked;
    const passed = request(engine.endpoint, { method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 500, given.headers);
      given.pipe(answer);
    });
    asked.pipe(passed);
  });
  securePort = await listen(secure);
  const server = createServer();
  server.on("connect", ({ url, headers }, client) => {
    tunnels.push({ to: url, authorization: headers["proxy-authorization"] });
    if (!open) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const port = url?.endsWith(":443") ? securePort : Number(new URL(engine.endpoint).port);
    const onward = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(client).pipe(onward);
    });
    for (const socket of [onward, client]) {
      socket.on("error", () => {
        onward.destroy();
        client.destroy();
      });
    }
  });
  proxy = `http://127.0.0.1:${await listen(server)}`;
});
beforeEach(() => {
  tunnels = [];
  open = true;
  for (const name of names) delete process.env[name];
  Object.assign(process.env, keys);
});
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
  await engine.close();
});

const at = (endpoint: string) => [
  ...["--environment", "development", "--region", "us-east-1"],
  ...["--endpoint", endpoint],
];
const plain = `http://${host}:8000`;

test("a command reaches a table that only the proxy knows, over HTTP_PROXY, with few tunnels", async () => {
  process.env.HTTP_PROXY = proxy;
  expect(await bayonData(["table", "create", ...at(plain)])).toMatchObject({ code: 0 });
  expect(await bayonData(["seed", "--users", "3", ...at(plain)])).toMatchObject({ code: 0 });
  // A table that is opened beside the data layer's.
  const doctor = await bayonData(["doctor", "--json", ...at(plain)]);
  expect(doctor).toMatchObject({ code: 0 });
  expect(JSON.parse(doctor.out)).toMatchObject({ items: expect.any(Number) });
  expect(new Set(tunnels.map(({ to }) => to))).toEqual(new Set([`${host}:8000`]));
  // A hundred items took many requests, and these their tunnels again.
  expect(tunnels.length).toBeLessThan(40);
});

test("and over HTTPS_PROXY, whose tunnel holds the encrypted connection", async () => {
  const args = ["--import", "tsx", "scripts/cli.ts", "table", "describe", ...at(`https://${host}`)];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {
      ...environment,
      ...keys,
      HTTPS_PROXY: proxy.replace("//", "//ana:p%40ss@"),
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
    },
  });
  const { code, out, complaints } = await read(child)();
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  expect(out).toContain("ACTIVE");
  const authorization = `Basic ${Buffer.from("ana:p@ss").toString("base64")}`;
  expect(tunnels).toEqual([{ to: `${host}:443`, authorization }]);
});

test.each([
  ["this machine", () => engine.endpoint, ""],
  ["a host of NO_PROXY", () => plain, host],
  ["what is below a name of NO_PROXY", () => plain, "other, .TEST"],
  ["a host and port of NO_PROXY", () => plain, `${host}:8000`],
  ["every host with NO_PROXY=*", () => plain, "*"],
])(
  "%s is reached without the proxy",
  async (_, endpoint, noProxy) => {
    process.env.HTTP_PROXY = proxy;
    process.env.NO_PROXY = noProxy;
    // Without the proxy nobody knows the host.
    const isKnown = endpoint() === engine.endpoint;
    const { code, complaints } = await bayonData(["table", "describe", ...at(endpoint())]);
    if (isKnown) expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
    else expect(complaints).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(tunnels).toEqual([]);
  },
  30_000,
);

test.each([
  ["another host", "example.com"],
  ["another port", `${host}:9000`],
  ["the end of a name alone", "amodb.test"],
])("NO_PROXY with %s does not stand for this one", async (_, noProxy) => {
  process.env.http_proxy = proxy.replace("http://", "");
  process.env.no_proxy = noProxy;
  expect(await bayonData(["table", "describe", ...at(plain)])).toMatchObject({ code: 0 });
  expect(tunnels.length).toBeGreaterThan(0);
});

test("a proxy that refuses the tunnel is an error, and its password is not shown", async () => {
  open = false;
  process.env.HTTP_PROXY = proxy.replace("//", "//ana:hunter2@");
  const { code, out, complaints } = await bayonData([
    "table",
    "describe",
    ...at(plain),
    "--verbose",
  ]);
  expect(code).toBe(1);
  expect(complaints).toContain("Bad response: 407");
  expect(`${out}${complaints}`).not.toContain("hunter2");
}, 30_000);

const noUrl = "HTTPS_PROXY must be the http or https URL of a proxy";
const strayPercent =
  "HTTPS_PROXY has a % in its name or password that encodes nothing: write it as %25";

test.each([
  ["ftp://proxy:8080", noUrl],
  ["http://ana:hunter2@", noUrl],
  ["socks5://p:1", noUrl],
  ["http://ana:hunter2%@p:1", strayPercent],
  ["http://ana%2:5hunter2@p:1", strayPercent],
])("a proxy that is no URL of one is wrong usage: %s", async (wrong, message) => {
  process.env.HTTPS_PROXY = wrong;
  const { code, complaints } = await bayonData(["table", "describe", ...at(plain)]);
  expect(code).toBe(2);
  expect(complaints).toContain(message);
  expect(complaints).not.toContain("hunter2");
});

test("validate says that it tries connections without a proxy, and sends nothing", async () => {
  process.env.HTTP_PROXY = proxy;
  const { code, complaints } = await bayonData(["validate", ...at(plain)]);
  expect(code).toBe(2);
  expect(complaints).toContain("validate does not go through HTTPS_PROXY or HTTP_PROXY");
  expect(tunnels).toEqual([]);
});

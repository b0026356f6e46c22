/** Signatures are those of AWS's published examples, and of the SDK's own signer for any request. */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { RequestTemplate, type SignedRequest } from "../../src/wire/request-template.js";
import { Signer, sha256, timeText } from "../../src/wire/signature.js";
import { anyText } from "../any-text.js";
import { tries } from "./arbitraries.js";

/** The SDK's interface of a hash, over Node's. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error("not used");
  }
}

/** AWS's Signature Version 4 test suite: its POSTs to `/` without a body. */
const examples: [string, Record<string, string>, string][] = [
  ["post-vanilla", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  [
    "post-header-value-case",
    { "my-header1": "VALUE1" },
    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  ],
];

test.each(examples)("%s is signed as AWS published it", (_, more, signature) => {
  const headers = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z", ...more };
  const signer = new Signer({
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
    service: "service",
    names: Object.keys(headers).sort(),
    headers: { host: headers.host, ...more },
  });
  const parts = [
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request",
    `SignedHeaders=${Object.keys(headers).sort().join(";")}`,
    `Signature=${signature}`,
  ];
  expect(signer.authorize(headers, sha256(""), headers["x-amz-date"])).toBe(parts.join(", "));
});

test("times have the form of signatures", () => {
  expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe("20260102T030405Z");
});

const regions = ["us-east-1", "eu-central-1", "ap-southeast-3", "cn-north-1", "us-gov-west-1"];
const printable = fc.string({ minLength: 1, maxLength: 60 }).map((text) => text.trim() || "x");
/** A header's value: what HTTP allows, with spaces inside that are folded. */
const headerValue = fc.oneof(printable, fc.constantFrom("a  b", "a \t b", '"a   b"'));
const identity = fc.record({
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
  secretAccessKey: anyText({ minLength: 1, maxLength: 60 }),
  sessionToken: fc.option(fc.base64String({ minLength: 4, maxLength: 900 }), { nil: undefined }),
});
const time = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2060) });
const body = fc.oneof(fc.json(), anyText({ maxLength: 300 }));

test("any request is signed as the SDK's signer signs it, and so are those after it", async () => {
  await fc.assert(
    fc.asyncProperty(
      identity,
      fc.record({ agent: headerValue, host: fc.domain(), region: fc.constantFrom(...regions) }),
      fc.array(fc.tuple(body, time), { minLength: 2, maxLength: 2 }),
      async (credentials, { agent, host, region }, requests) => {
        const signer = new SignatureV4({
          credentials,
          region,
          service: "dynamodb",
          sha256: Sha256 as never,
        });
        const signed = async ([text, ms]: [string, number]) => {
          const request = {
            ...{ method: "POST", protocol: "https:", hostname: host, path: "/", query: {} },
            headers: {
              ...{ host, "content-type": "application/x-amz-json-1.0", "user-agent": "any" },
              "x-amz-target": "DynamoDB_20120810.GetItem",
              "x-amz-user-agent": agent,
              "content-length": String(Buffer.byteLength(text)),
            },
            body: text,
          };
          const signingDate = new Date(ms);
          return (await signer.sign(request as never, { signingDate })) as unknown as SignedRequest;
        };
        const [first, second] = requests as [[string, number], [string, number]];
        const like = await signed(first);
        const template = RequestTemplate.of(like, credentials);
        expect(template).toBeDefined();
        const filled = template?.fill(second[0], second[1], {});
        expect(filled?.headers).toEqual((await signed(second)).headers);
        // With another secret the template would not be what the SDK signs with.
        const other = { ...credentials, secretAccessKey: `${credentials.secretAccessKey}x` };
        expect(RequestTemplate.of(like, other)).toBeUndefined();
      },
    ),
    tries(1_000),
  );
});

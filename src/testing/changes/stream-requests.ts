/**
 * Requests to an engine's stream. They are sent without the SDK's client of streams, which an application
 * whose handler runs on Lambda does not install; and a response's text is what Lambda hands on.
 */
import http from "node:http";
import https from "node:https";
import { wrapDynamoDBError } from "../../errors/wrap.js";
import type { Engine } from "../engines/contract.js";

/** Sends one request. @throws DynamoDBError for what the engine refuses, and if there is no response */
export async function askStream(
  { endpoint, region, credentials }: Engine,
  name: "DescribeStream" | "GetShardIterator" | "GetRecords",
  input: object,
): Promise<Record<string, unknown>> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = `${credentials.accessKeyId}/${time.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  const headers = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": `DynamoDBStreams_20120810.${name}`,
    "X-Amz-Date": time,
    // Engines read whose request it is, and check no signature.
    Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=${"0".repeat(64)}`,
  };
  try {
    const { status, text } = await post(endpoint, headers, JSON.stringify(input));
    const answer = JSON.parse(text) as Record<string, unknown>;
    if (status === 200) return answer;
    const { __type: type = "", message = answer.Message } = answer;
    throw Object.assign(new Error(String(message)), { name: String(type).replace(/^.*#/, "") });
  } catch (error) {
    throw wrapDynamoDBError(error, { operation: "changes" });
  }
}

function post(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const send = endpoint.startsWith("https:") ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const request = send(endpoint, { method: "POST", headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.once("error", reject);
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
      });
    });
    request.once("error", reject);
    request.end(body);
  });
}

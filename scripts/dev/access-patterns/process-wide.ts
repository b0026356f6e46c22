/** Calls of the generic repository, which is over the process-wide client, on the table of a data layer. */
import { getDynamoDBClient, resetClients } from "../../../src/index.js";
import type { TestDataLayer } from "../../../src/testing/index.js";

/** Makes a call, and counts its requests at the wire. */
export async function countProcessWide(
  { configuration, engine }: TestDataLayer,
  call: () => Promise<unknown>,
): Promise<number> {
  const variables = {
    COAGENT_ENV: "local",
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    DYNAMODB_TABLE_NAME: configuration.tableName,
  };
  const before = { ...process.env };
  Object.assign(process.env, variables);
  resetClients();
  let requests = 0;
  const handler = getDynamoDBClient().config.requestHandler;
  const handle = handler.handle.bind(handler);
  handler.handle = (...given) => {
    requests += 1;
    return handle(...given);
  };
  try {
    await call();
    return requests;
  } finally {
    resetClients();
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

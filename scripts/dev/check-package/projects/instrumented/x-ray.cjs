// X-Ray adds its middleware to a client that is there already: from then on it sees each request.
const assert = require("node:assert/strict");
const { GetCommand } = require("@aws-sdk/lib-dynamodb");
const AWSXRay = require("aws-xray-sdk-core");
const {
  getDocumentClient,
  getDynamoDBClient,
  getTableName,
  resetClients,
} = require("bayon-coagent-data");

async function run() {
  const client = getDocumentClient();
  const Key = { PK: "USER#u1", SK: "PROJECT#p1" };
  const getThree = async () => {
    for (let n = 0; n < 3; n += 1) {
      await client.send(new GetCommand({ TableName: getTableName(), Key }));
    }
  };
  await getThree();
  assert.deepEqual(client.sent, { direct: 2, sdk: 1 });

  AWSXRay.captureAWSv3Client(getDynamoDBClient());
  const segment = new AWSXRay.Segment("test");
  await AWSXRay.getNamespace().runPromise(async () => {
    AWSXRay.setSegment(segment);
    await getThree();
  });
  const seen = segment.subsegments.map(({ name, aws }) => `${name} ${aws.operation}`);
  assert.deepEqual(seen, Array(3).fill("DynamoDB GetItem"));
  assert.deepEqual(client.sent, { direct: 2, sdk: 1 });
  resetClients();
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

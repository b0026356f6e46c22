// OpenTelemetry's instrumentation of the SDK makes a span of each request, also of those after the first
// of an operation, which this package would send without the SDK.
const assert = require("node:assert/strict");
const { SpanKind } = require("@opentelemetry/api");
const {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} = require("@opentelemetry/sdk-trace-node");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { AwsInstrumentation } = require("@opentelemetry/instrumentation-aws-sdk");

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
registerInstrumentations({ instrumentations: [new AwsInstrumentation({})] });
// What is instrumented must be loaded after it.
const { createDataLayer } = require("bayon-coagent-data");
const { DataLayerInstrumentation } = require("bayon-coagent-data/telemetry");

/** With this package's own instrumentation, each request has one span still, and the SDK's has none. */
async function besideOurs(data) {
  exporter.reset();
  const ours = new DataLayerInstrumentation();
  registerInstrumentations({ instrumentations: [ours] });
  await data.project.get({ userId: "u1", projectId: "p1" });
  const spans = exporter.getFinishedSpans().map(({ name, kind }) => `${kind} ${name}`);
  const table = data.configuration.tableName;
  assert.deepEqual(spans, [
    `${SpanKind.CLIENT} GetItem ${table}`,
    `${SpanKind.INTERNAL} get Project`,
  ]);
  ours.disable();
}

async function run() {
  const data = createDataLayer();
  for (let n = 0; n < 4; n += 1) {
    assert.equal(await data.project.get({ userId: "u1", projectId: "p1" }), null);
  }
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  assert.deepEqual(names, Array(4).fill("DynamoDB.GetItem"));
  await besideOurs(data);
  await data.close();
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

/** The dashboard and the alarms ask for metrics and labels that the package really has, as Prometheus names them. */
import { readFileSync } from "node:fs";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { DataLayerInstrumentation } from "../../src/telemetry/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { failureOf } from "../open.js";

class Reader extends MetricReader {
  protected onForceFlush = () => Promise.resolve();
  protected onShutdown = () => Promise.resolve();
}

const folder = "examples/telemetry";
/** What a nightly job of the application makes, as alerts.yml says. */
const ofTheApplication = "bayon_unowned_rows";

/** What Prometheus's exporter says after calls that reach every metric. */
async function exported(): Promise<string> {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const instrumentation = new DataLayerInstrumentation();
  instrumentation.setMeterProvider(meterProvider);
  const data = await createTestDataLayer({
    retry: { initialDelayMs: 1, maxRetries: 2, budget: { capacity: 1, refillPerSecond: 0 } },
    hedgedReads: { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 },
  });
  try {
    const key = { userId: "u", projectId: "p" };
    await data.project.put({ ...key, data: { name: "n" } });
    await Promise.all(["a", "b"].map((projectId) => data.project.get({ ...key, projectId })));
    // A response is late by what is usual, which must be known first.
    for (let n = 0; n < 200; n += 1) await data.project.query({ userId: "u" });
    data.wire.inject({ fault: "slow", delayMs: 100, operation: "Query", times: 10 });
    for (let n = 0; n < 10; n += 1) await data.project.query({ userId: "u" });
    // The budget is for many requests at once: the retries of a few are free.
    data.wire.inject({ fault: "throttle", times: 500 });
    await Promise.all(
      Array.from({ length: 100 }, () =>
        failureOf(data.project.update(key, { name: "m" }), DynamoDBError),
      ),
    );
    const { resourceMetrics } = await reader.collect();
    return new PrometheusSerializer().serialize(resourceMetrics);
  } finally {
    instrumentation.disable();
    data.wire.clear();
    await data.close();
    await meterProvider.shutdown();
  }
}

const dashboard = () => JSON.parse(readFileSync(`${folder}/dashboard.json`, "utf8"));

function expressions(): string[] {
  const { panels, templating } = dashboard();
  const ofPanels = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr),
  );
  const ofVariables = templating.list.flatMap((one: { query: string | { query: string } }) =>
    typeof one.query === "string" ? [] : [one.query.query],
  );
  const alerts = readFileSync(`${folder}/alerts.yml`, "utf8");
  const ofAlerts = [...alerts.matchAll(/expr: (?:\|\n)?((?:.|\n {10,})+)/g)].map(
    ([, expr]) => expr,
  );
  return [...ofPanels, ...ofVariables, ...ofAlerts];
}

test("every metric and label of the dashboard and of the alarms is one that is exported", async () => {
  const lines = (await exported()).split("\n").filter((line) => !line.startsWith("#"));
  const names = new Set(lines.map((line) => line.replace(/[{ ].*/, "")));
  const labels = new Set(lines.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, l]) => l)));
  const all = expressions();
  expect(all.length).toBeGreaterThan(14);
  const used = all.flatMap((expr) =>
    [...expr.matchAll(/\b(?:bayon|db_client)_\w+/g)].map(([n]) => n),
  );
  const unknown = [];
  for (const expr of all) {
    for (const [, pattern = ""] of expr.matchAll(/__name__=~"([^"]+)"/g)) {
      const matches = [...names].some((name) => new RegExp(`^(?:${pattern})$`).test(name));
      if (!matches) unknown.push(pattern);
    }
    const plain = expr.replace(/__name__=~"[^"]+"/g, "");
    for (const [name] of plain.matchAll(
      /\b(?:bayon|db_client)_\w+_(?:total|bucket|count|rows)\b/g,
    )) {
      if (!names.has(name) && name !== ofTheApplication) unknown.push(name);
    }
    for (const [, label = ""] of plain.matchAll(/[{,](\w+)(?:=~|!~|!=|=)"/g)) {
      if (!labels.has(label)) unknown.push(label);
    }
    for (const [, by = ""] of plain.matchAll(/ by \(([^)]+)\)/g)) {
      unknown.push(...by.split(/, */).filter((label) => !labels.has(label)));
    }
  }
  expect(unknown).toEqual([]);
  // Each metric is on the dashboard, so that a new one is not forgotten.
  const counters = [...names].filter((name) => name.endsWith("_total"));
  expect(counters.length).toBe(6);
  expect(counters.filter((name) => !used.includes(name))).toEqual([]);
});

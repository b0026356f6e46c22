/** The door `bayon-coagent-data/telemetry`: OpenTelemetry's spans and metrics. */

export {
  DataLayerInstrumentation,
  type DataLayerInstrumentationConfig,
} from "./instrumentation.js";

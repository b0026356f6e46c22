/** What this package is called in telemetry; a test holds it equal to package.json. */
export const name = "bayon-coagent-data";
export const version = "0.1.0";

/** Where the table is, and what a person can do if it cannot be reached: the ends of messages. */
import { isCertificateName, unreachedNames } from "../errors/codes.js";
import { nameOf } from "../errors/words.js";
import { type Configuration, defaultTableName, isLoopback, localEndpoint } from "./config.js";

/** The part of a configuration that says where the table is. */
export type Place = Omit<Configuration, "credentials">;

/** Where the table is: `BayonCoAgent-local at http://localhost:4566`. A secret in the URL is not shown. */
export function placeOf({ tableName, endpoint, region }: Place): string {
  const aws = `AWS${region === undefined ? "" : ` in ${region}`}`;
  return `${tableName} at ${endpoint === undefined ? aws : shownUrl(endpoint)}`;
}

/** An endpoint without user, password and query. */
function shownUrl(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint);
  return `${origin}${pathname === "/" ? "" : pathname}`;
}

/** What to do about a failure, if a command or a setting can remove its cause. */
export function adviceOn(error: unknown, place: Place): string | undefined {
  const name = nameOf(error) ?? "";
  if (name === "ResourceNotFoundException") {
    const check = place.environment === "production" ? "look at its name and region, or " : "";
    return `there is no table ${sourced(place)}; ${check}create it with: npx bayon-data table create${flagsOf(place)}`;
  }
  if (unreachedNames.has(name)) return `nothing answers for ${sourced(place)}${howToServe(place)}`;
  if (isCertificateName(name)) {
    return `the certificate of ${sourced(place)} is not trusted; behind a proxy with certificates of its own, set NODE_EXTRA_CA_CERTS to the file of its authority`;
  }
  if (name === "CredentialsProviderError") return `the table is ${sourced(place)}${orLocal(place)}`;
  return undefined;
}

/** The place, with the variable that named its endpoint: other services may use that variable too. */
function sourced(place: Place): string {
  const { endpointSource } = place;
  const isVariable = endpointSource !== undefined && endpointSource !== "endpoint";
  return `${placeOf(place)}${isVariable ? ` (${endpointSource})` : ""}`;
}

function howToServe(place: Place): string {
  const { endpoint } = place;
  if (endpoint === undefined) return orLocal(place);
  const { hostname } = new URL(endpoint);
  if (!isLoopback(hostname)) return "; is the engine running there?";
  return `; start the engine with: ${engineCommand(endpoint)}`;
}

/** The command that serves the embedded engine at an endpoint. */
export function engineCommand(endpoint: string): string {
  const { port } = new URL(endpoint);
  const isDefault = port === new URL(localEndpoint).port;
  return `npx bayon-data db${isDefault ? "" : ` --port ${port || 80}`}`;
}

function orLocal({ environment, endpoint }: Place): string {
  const meansAws = environment === "development" && endpoint === undefined;
  return meansAws ? "; for the table on this machine set USE_LOCAL_AWS=true" : "";
}

/** The options with which a command finds the same table in any environment. */
export function flagsOf({ environment, tableName, endpoint, region }: Place): string {
  const local = environment === "local";
  const flags = [
    ...(environment === "development" ? [] : ["--environment", environment]),
    ...(tableName === defaultTableName(environment) ? [] : ["--table", tableName]),
    ...(endpoint === undefined || (local && endpoint === localEndpoint)
      ? []
      : ["--endpoint", shownUrl(endpoint)]),
    ...(local || region === undefined ? [] : ["--region", region]),
  ];
  return flags.map((flag) => ` ${flag}`).join("");
}

/** The names of secret fields, for what is sent to a browser from a user's scope. */

/**
 * The property of a user's scope that names the secret fields of its stores; undefined for what is no
 * store. Registered for all copies: an application may load the core as CommonJS, and the door of React as an
 * ES module.
 */
export const secretsKey: unique symbol = Symbol.for("bayon-coagent-data.secrets");

export type SecretsOfScope = (store: string) => readonly string[] | undefined;

/** The names of secret fields, for what is sent to a browser from a user's scope. */

/** The secret fields of the entity with this store; `undefined` for what is no store. */
export type SecretsOf = (store: string) => readonly string[] | undefined;

/**
 * The property of a user's scope that holds this function. Registered for all copies: an application may load
 * the core as CommonJS, and the door of React as an ES module.
 */
export const secretsKey: unique symbol = Symbol.for("bayon-coagent-data.secrets");

/** What may leave the server of what a call returns: pages that are rendered there send it to a browser. */

/**
 * The property of a user's scope that takes the secret fields off the results of its calls. Registered for all
 * copies: an application may load the core as CommonJS, and the door of React as an ES module.
 */
export const shownKey: unique symbol = Symbol.for("bayon-coagent-data.shown");

/** Takes the secret fields off what a call of a store, a use case or a collection returned. */
export type Shown = (store: string, call: string, result: unknown) => unknown;

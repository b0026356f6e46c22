// What jsdom leaves out of a server's globals, and the SDK needs: with these lib-dynamodb passes.
const { clearImmediate, setImmediate } = require("node:timers");
const { TextDecoder, TextEncoder } = require("node:util");
const web = require("node:stream/web");

Object.assign(globalThis, { TextDecoder, TextEncoder, ...web, setImmediate, clearImmediate });

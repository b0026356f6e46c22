// What jsdom leaves out of a server's globals: with these lib-dynamodb passes, and encryption has the
// Web Crypto that it says it needs.
const { webcrypto } = require("node:crypto");
const { clearImmediate, setImmediate } = require("node:timers");
const { TextDecoder, TextEncoder } = require("node:util");
const web = require("node:stream/web");

Object.assign(globalThis, { TextDecoder, TextEncoder, ...web, setImmediate, clearImmediate });
Object.defineProperty(globalThis, "crypto", { value: webcrypto });

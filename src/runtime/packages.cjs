/**
 * ElectroDB and zod, each loaded when something of it is first used: most processes that start need
 * neither for their first calls, and loading both took a sixth of a start.
 *
 * This file is CommonJS, and stays so in what is published, because only `require` loads a module
 * later without waiting. Node runs it at the call, and so does every bundler with what it has put into
 * its bundle. An `import` would be evaluated with the importing module, and `import()` is asynchronous.
 */
exports.Entity = lazyClass(() => require("electrodb").Entity);
exports.Service = lazyClass(() => require("electrodb").Service);

let parts;

exports.zod = () => {
  parts ??= require("zod");
  return parts;
};

/** A class for `new`, `extends` and `instanceof`. Its instances are the package's own. */
function lazyClass(load) {
  // Not a class: the `prototype` of a class must stay what it is.
  function Stand() {
    // Never called.
  }
  const lazy = new Proxy(Stand, {
    construct: (_, given, target) =>
      Reflect.construct(load(), given, target === lazy ? load() : target),
    get: (_, name) => Reflect.get(load(), name),
    has: (_, name) => Reflect.has(load(), name),
  });
  return lazy;
}

/** Objects that have a member for every name. */

/** Makes an object whose members are made by their names, once each, and that may be called itself. */
export function named(
  make: (name: string) => unknown,
  call: (...given: unknown[]) => unknown = () => undefined,
): object {
  const members = new Map<string, unknown>();
  return new Proxy(call, {
    get: (_, name) => {
      // A promise that is resolved with the client asks for `then`, and JSON for `toJSON`.
      if (typeof name !== "string" || name === "then" || name === "toJSON") return undefined;
      if (!members.has(name)) members.set(name, make(name));
      return members.get(name);
    },
    set: () => false,
  });
}

/** An ElectroDB Service whose chains throw the package's errors. */
import type { Service } from "electrodb";
import type { AnyEntity } from "../entity/model.js";
import type { ElectroService } from "./electro.js";
import { boundedOperations } from "./native-bounds.js";
import { withOwnErrors } from "./native-entity.js";
import { nativeError } from "./native-errors.js";

/**
 * Makes a Service throw the package's errors, in place. Its collections are chains of its entities.
 * Its transactions run the caller's callback before an entity sends them.
 */
export function serviceWithOwnErrors<E extends Record<string, AnyEntity>>(
  service: Service<E>,
): Service<E> {
  // ElectroDB types a Service by all of its entities, but the replaced parts are the same for every
  // Service.
  const electro = service as unknown as ElectroService;
  const takeOverAll = () => {
    for (const entity of Object.values(service.entities)) withOwnErrors(entity);
  };
  takeOverAll();
  const { join, transaction } = electro;
  electro.join = (...given) => {
    try {
      return join.apply(electro, given);
    } catch (error) {
      throw nativeError(error, { context: { operation: "service.join" } });
    } finally {
      takeOverAll();
    }
  };
  for (const kind of ["get", "write"] as const) {
    const make = transaction[kind];
    const call = { context: { operation: `service.transaction.${kind}` } };
    transaction[kind] = (callback) => {
      const { go, params } = make(boundedOperations(callback, call.context));
      return {
        go: (options) =>
          go(options).then(undefined, (error: unknown) => {
            throw nativeError(error, call);
          }),
        params: (options) => {
          try {
            return params(options);
          } catch (error) {
            throw nativeError(error, call);
          }
        },
      };
    };
  }
  return service;
}

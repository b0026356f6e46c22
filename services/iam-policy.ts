/** The IAM policy for the entities of the registry. */
import { type IamPolicy, type IamPolicyOptions, iamPolicyOf } from "../src/admin/iam-policy.js";
import { declaredKeys } from "../src/entity/model.js";
import { entitiesOf, type OwnEntities } from "./own-entities.js";
import { type DefinitionsOf, indexesIn, type NoEntities, ownedBy } from "./registry.js";

/**
 * The IAM policy of a user, of the application or of the scripts. Nothing is sent.
 *
 * A user's policy allows the requests of `forUser` on that user's partitions, and no others; with
 * `owner`, it allows those of `scope` on that owner's. So it also
 * holds if the application's code or this package is faulty. On an index it allows only the partitions
 * whose key is made of the user's id alone. A review's partition there is made of the review's id, and
 * may hold the reviews of any agent.
 *
 * `ForAllValues` alone is true for a request without leading keys, such as a Scan; `Null` refuses
 * those. IAM judges a write by its key in the table, not by the index attributes that it writes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html for sizes: a
 * session policy takes 2,048 characters, a managed one 6,144. This one has about 700, and four times
 * the user's id
 * @throws ConfigurationError for an ARN that is not a table's, an id that no policy can hold, or a partition
 * of an index that items of other owners can be in, too
 * @example
 * const policy = JSON.stringify(iamPolicy({ tableArn, userId: "user-1" }));
 */
export function iamPolicy<
  const R extends DefinitionsOf<R> = NoEntities,
  const B extends boolean = true,
>(options: IamPolicyOptions & OwnEntities<R, B>): IamPolicy {
  return iamPolicyOf(({ entities, builtIn }, owner) => {
    const definitions = entitiesOf({ entities, builtIn });
    const all = Object.values(definitions).map((definition) => declaredKeys(definition));
    const own = Object.values(ownedBy(definitions, owner)).map((one) => declaredKeys(one));
    const indexes = indexesIn(definitions);
    return { own, all, indexes };
  }, options);
}

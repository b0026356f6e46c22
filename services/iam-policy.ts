/** The IAM policy for the entities of the registry. */
import { type IamPolicy, type IamPolicyOptions, iamPolicyOf } from "../src/admin/iam-policy.js";
import { keyTemplates } from "./entities.js";

/**
 * The IAM policy of a user, of the application or of the scripts. Nothing is sent.
 *
 * A user's policy allows the requests of `forUser` on that user's partitions and no other request:
 * it holds against faults of the application's own code and of this package's. It is taken from the
 * key templates. On the index only partitions that the user's id alone makes are in it: a review's
 * place there is made of the review's id, under which any agent's review may lie.
 *
 * `ForAllValues` alone is true of a request without leading keys, such as a Scan; `Null` refuses
 * those. IAM judges a write by the table's key, not by what it writes into the index's attributes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html for sizes: 2,048
 * characters as a session policy, 6,144 as a managed one. This one takes some 700, and four times
 * the user's id
 * @throws ConfigurationError for an ARN that is no table's, and for an id that no policy can hold
 */
export function iamPolicy(options: IamPolicyOptions): IamPolicy {
  return iamPolicyOf(keyTemplates(), options);
}

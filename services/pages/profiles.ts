/** Profiles: merged or created in one call, and the photo that both have. */
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { UserProfile } from "../../entities/user-profile.js";
import { type CallOptions, perform, reading } from "../../src/call/call.js";
import { keyContext, refuseUnknownParts } from "../../src/entity/model.js";
import { isRetryableReason } from "../../src/errors/retryable.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { invalid } from "../../src/errors/validation-error.js";
import { internalsOf } from "../../src/store/entity-store.js";
import { isForeignFailure } from "../../src/write/refusals.js";
import { again, contentionError, inRounds } from "../../src/write/rounds.js";
import { mergeOrCreate } from "../merge-or-create.js";
import type { ChangesOf, KeyOf, Stores } from "../stores.js";
import type { Transaction } from "../transaction/transaction.js";

type UserKey = KeyOf<"userProfile">;
type AgentKey = KeyOf<"realEstateAgentProfile">;

export interface Profiles {
  /**
   * Merges fields into an agent profile, or creates it with them. One request if the profile exists,
   * two if it does not.
   * @throws ValidationError for data that is no payload, or that has no field to save
   * @example
   * await data.profiles.save({ userId, agentProfileId: "main" }, { bio: "Twenty years in Cedar Falls." });
   */
  save(
    key: AgentKey,
    data: ChangesOf<"realEstateAgentProfile">,
    options?: CallOptions,
  ): Promise<RealEstateAgentProfile>;
  /** The same for the user's own profile. */
  save(key: UserKey, data: ChangesOf<"userProfile">, options?: CallOptions): Promise<UserProfile>;
  /**
   * Stores a photo on both profiles at once: one transaction if both exist, two if one has to be
   * created.
   * @param key `agentProfileId` is `main` if it is left out
   * @throws DynamoDBError if the engine has no transactions
   */
  setPhoto(
    key: { readonly userId: string; readonly agentProfileId?: string | undefined },
    photoURL: string,
    options?: CallOptions,
  ): Promise<void>;
}

export function createProfiles(stores: Stores, transaction: Transaction): Profiles {
  return {
    // The overloads name the payload of each key; here it is an object.
    save: ((key: UserKey | AgentKey, data: object, options: CallOptions = {}) =>
      save(stores, key, data, options)) as Profiles["save"],
    setPhoto: (key, photoURL, options = {}) =>
      setPhoto(stores, transaction, key, photoURL, options),
  };
}

async function save(
  stores: Stores,
  givenKey: UserKey | AgentKey,
  data: object,
  options: CallOptions,
): Promise<unknown> {
  const operation = "profiles.save";
  const { key, writes, run, call } = reading({ operation }, () => {
    // Both stores take a key and a payload of their own; the key shows which one is meant.
    const isAgents = "agentProfileId" in Object(givenKey);
    const store = isAgents ? stores.realEstateAgentProfile : stores.userProfile;
    const { model, writes: own, run } = internalsOf(store);
    const writes = own.onBehalfOf(operation);
    const call = keyContext(model, operation, givenKey);
    const key = writes.input.key(givenKey, call);
    writes.input.draft({ ...key, data }, call);
    if (Object.values(data).every((value) => value === undefined)) {
      throw invalid(call, [{ path: "data", message: "has no field to save" }]);
    }
    return { key, writes, run, call };
  });
  return perform(call, options, (underWay) =>
    mergeOrCreate(underWay, {
      merge: () => writes.update(key, data),
      create: () => writes.create({ ...key, data }),
      run: (write) => run(write, underWay),
      contention: "other callers kept creating and deleting the profile",
    }),
  );
}

async function setPhoto(
  stores: Stores,
  transaction: Transaction,
  key: Parameters<Profiles["setPhoto"]>[0],
  photoURL: string,
  options: CallOptions,
): Promise<void> {
  const { model, writes } = internalsOf(stores.realEstateAgentProfile);
  const operation = "profiles.setPhoto";
  const { agentKey, call, userId } = reading({ operation }, () => {
    const agentKey = { userId: key?.userId, agentProfileId: key?.agentProfileId ?? "main" };
    const call = keyContext(model, operation, agentKey);
    refuseUnknownParts(call, key, model.parts);
    return { agentKey, call, userId: writes.input.key(agentKey, call).userId ?? "" };
  });
  const data = { photoURL };
  return perform(call, options, async ({ signal }) => {
    const limit = signal === undefined ? {} : { signal };
    let exists: Existing = { user: true, agent: true };
    const round = async () => {
      try {
        await transaction.write(
          (tx) => [
            exists.user
              ? tx.userProfile.update({ userId }, data)
              : tx.userProfile.create({ userId, data }),
            exists.agent
              ? tx.realEstateAgentProfile.update(agentKey, data)
              : tx.realEstateAgentProfile.create({ ...agentKey, data }),
          ],
          limit,
        );
        return undefined;
      } catch (error) {
        exists = corrected(exists, error);
        return again;
      }
    };
    const rule = "other callers kept creating and deleting the profiles";
    await inRounds(round, () => contentionError(call, rule));
  });
}

/** Which of the two profiles are assumed to exist. */
interface Existing {
  readonly user: boolean;
  readonly agent: boolean;
}

/**
 * The opposite of each assumption that a refused transaction has shown to be wrong.
 * @throws the error, if it shows anything else
 */
function corrected({ user, agent }: Existing, error: unknown): Existing {
  const reasons = error instanceof TransactionCanceledError ? error.reasons : [];
  const refused = reasons.filter(({ code }) => code === "ConditionalCheckFailed");
  const others = reasons.some(
    (reason) => !refused.includes(reason) && !isRetryableReason(reason.code),
  );
  // An item that is no profile is neither merged into nor replaced, in any round.
  if (refused.length === 0 || others || refused.some(isForeignFailure)) throw error;
  const wrong = refused.map(({ index }) => index);
  return { user: user !== wrong.includes(0), agent: agent !== wrong.includes(1) };
}

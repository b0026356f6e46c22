/** Profiles: merged or created in one call, and the photo that both have. */
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { UserProfile } from "../../entities/user-profile.js";
import { type CallOptions, perform, reading } from "../../src/call/call.js";
import { keyContext, refuseUnknownParts } from "../../src/entity/model.js";
import { internalsOf } from "../../src/store/entity-store.js";
import type { ChangesOf, KeyOf, Stores } from "../stores.js";
import type { Transaction } from "../transaction/transaction.js";
import type { StoresOf } from "./stores-of.js";

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
  stores: StoresOf<"profiles", "save">,
  givenKey: UserKey | AgentKey,
  data: object,
  options: CallOptions,
): Promise<unknown> {
  const operation = "profiles.save";
  const { write, run } = reading({ operation }, () => {
    // Both stores take a key and a payload of their own; the key shows which one is meant.
    const isAgents = "agentProfileId" in Object(givenKey);
    const store = isAgents ? stores.realEstateAgentProfile : stores.userProfile;
    const { model, writes: own, run } = internalsOf(store);
    const writes = own.onBehalfOf(operation);
    const key = writes.input.key(givenKey, keyContext(model, operation, givenKey));
    return { write: writes.upsert({ ...key, data }), run };
  });
  return perform(write.context, options, (underWay) => run(write, underWay));
}

async function setPhoto(
  stores: StoresOf<"profiles", "setPhoto">,
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
    await transaction.write(
      (tx) => [
        tx.userProfile.upsert({ userId, data }),
        tx.realEstateAgentProfile.upsert({ ...agentKey, data }),
      ],
      signal === undefined ? {} : { signal },
    );
  });
}

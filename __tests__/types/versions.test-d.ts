/** What the compiler says of upgrades. Compiled by `npm run test:types`, never run. */
import type { UpgradeProblem } from "../../services/version-problems.js";
import { createDataLayer } from "../../src/index.js";
import {
  type ContactV1,
  type ContactV2,
  contactV1,
  contactV2,
  contactV3,
  toV2,
  toV3,
  unversioned,
} from "../versioned-entities.js";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

createDataLayer({ entities: { contact: unversioned } });
createDataLayer({ entities: { contact: contactV1 } });
createDataLayer({ entities: { contact: contactV2 } });
createDataLayer({ entities: { contact: contactV3 } });
createDataLayer({ entities: { contact: { ...contactV3, upgrade: { 1: null, 2: toV3 } } } });

const skips = { ...contactV3, upgrade: { 1: toV2, 2: (old: ContactV2) => old } };
// @ts-expect-error the last step does not return the payload
createDataLayer({ entities: { contact: skips } });
holds<
  Equal<
    UpgradeProblem<typeof skips>,
    "upgrade 2 returns no payload of version 3: tags is missing or of another type"
  >
>();

const broken = { ...contactV3, upgrade: { 1: (old: ContactV1) => old, 2: toV3 } };
// @ts-expect-error the first step does not return what the second takes
createDataLayer({ entities: { contact: broken } });
holds<
  Equal<
    UpgradeProblem<typeof broken>,
    "upgrade 1 returns no payload of version 2: names is missing or of another type"
  >
>();

const late = { ...contactV2, upgrade: { 1: async (old: ContactV1) => toV2(old) } };
// @ts-expect-error an upgrade is made at once
createDataLayer({ entities: { contact: late } });
holds<
  Equal<UpgradeProblem<typeof late>, "upgrade 1 returns a promise: upgrades are made at once">
>();

const empty = { ...contactV2, upgrade: { 1: () => undefined } };
// @ts-expect-error an upgrade returns a payload
createDataLayer({ entities: { contact: empty } });
holds<
  Equal<
    UpgradeProblem<typeof empty>,
    "upgrade 1 returns no payload of version 2: names is missing or of another type"
  >
>();

const endless = {
  ...contactV2,
  upgrade: {
    1: (old: ContactV1): never => {
      throw new RangeError(old.name);
    },
  },
};
// @ts-expect-error an upgrade returns
createDataLayer({ entities: { contact: endless } });
holds<
  Equal<
    UpgradeProblem<typeof endless>,
    "upgrade 1 never returns: it is null for a version of which no item is left"
  >
>();

// Fields that the payload does not name may be there.
const wider = {
  ...contactV2,
  upgrade: { 1: (old: ContactV1) => ({ ...toV2(old), more: 1 }) },
};
createDataLayer({ entities: { contact: wider } });

const named = { ...contactV2, version: "2" };
// @ts-expect-error a version is a number
createDataLayer({ entities: { contact: named } });

/** The lease on a token: only its holder asks the provider. */
import type { Call } from "../../src/call/call.js";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { latestTime } from "../../src/entity/times.js";
import { attribute, type RawItem, type RawKey } from "../../src/table/table.js";
import { isToken, type TokenContext, updateIf } from "./token-item.js";

/** Takes the lease, if the token is still the one that was read. @returns whether it was taken */
export async function claim(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  lease: { readonly holder: string; readonly leaseMs: number },
  call: Call,
): Promise<boolean> {
  const own = new Placeholders();
  const holder = own.name(attribute.leaseHolder);
  const until = own.name(attribute.leaseUntil);
  const now = context.clock.now();
  const ends = Math.min(now + lease.leaseMs, latestTime);
  const expressions = {
    UpdateExpression: `SET ${holder} = ${own.value(lease.holder)}, ${until} = ${own.value(ends)}`,
    // Its own lease counts as free: the response to a first attempt may have been lost.
    ConditionExpression: `(attribute_not_exists(${until}) OR ${until} < ${own.value(now)} OR ${holder} = ${own.value(lease.holder)}) AND ${isToken(own, seen)}`,
  };
  return updateIf(context, key, expressions, own, call);
}

/** Gives the lease back, so that the next caller need not wait until it lapses. */
export async function giveBack(
  context: TokenContext,
  key: RawKey,
  holder: string,
  call: Call,
): Promise<void> {
  const own = new Placeholders();
  const name = own.name(attribute.leaseHolder);
  const expressions = {
    UpdateExpression: `REMOVE ${name}, ${own.name(attribute.leaseUntil)}`,
    ConditionExpression: `${name} = ${own.value(holder)}`,
  };
  await updateIf(context, key, expressions, own, call).catch(() => {
    // It lapses by itself, and the caller must see the failure that it was given back for.
  });
}

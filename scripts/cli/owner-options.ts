/** The options that name whose partitions a policy is for, beside `--user`. */
import { type Command, InvalidArgumentError } from "commander";
import type { IamPolicyOptions } from "../../src/index.js";
import { UsageError } from "./connection.js";

type Owner = NonNullable<IamPolicyOptions["owner"]>;

export interface OwnerFlags {
  readonly variable?: string;
  readonly owner?: Owner;
  readonly ownerVariable?: Owner;
}

/** Adds the options of OwnerFlags. */
export function addOwnerOptions(command: Command): Command {
  return command
    .option("--variable <name>", "the policy variable that holds the user's id, such as aws:userid")
    .option(
      "--owner <part=value>",
      "a key part of the owner it is for, instead of a user; once for each part",
      addPart((text) => text),
    )
    .option(
      "--owner-variable <part=name>",
      "the same, with the policy variable that holds its value",
      addPart((variable) => ({ variable })),
    );
}

/** Parses `<part>=<text>`, and adds it to the parts that were given before. */
const addPart =
  (valueIn: (text: string) => Owner[string]) =>
  (given: string, before: Owner = {}): Owner => {
    const at = given.indexOf("=");
    const part = given.slice(0, at);
    if (at < 1 || at === given.length - 1) {
      throw new InvalidArgumentError("It must be a key part and its value, such as teamId=t1.");
    }
    if (Object.hasOwn(before, part)) throw new InvalidArgumentError(`${part} is given twice.`);
    return { ...before, [part]: valueIn(given.slice(at + 1)) };
  };

/** @throws UsageError for a part with both a value and a variable */
export function ownerOf({
  owner,
  ownerVariable,
}: Pick<OwnerFlags, "owner" | "ownerVariable">): Owner | undefined {
  if (owner === undefined && ownerVariable === undefined) return undefined;
  const both = Object.keys(owner ?? {}).find((part) => Object.hasOwn(ownerVariable ?? {}, part));
  if (both !== undefined) throw new UsageError(`give ${both} in --owner or in --owner-variable`);
  return { ...owner, ...ownerVariable };
}

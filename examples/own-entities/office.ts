/** An afternoon of an office, in calls: stores, a scope, a collection and a transaction. */
import { randomUUID } from "node:crypto";
import type { Data } from "./data.js";

/** Founds a team with its first member, or does neither. */
export async function foundTeam(data: Data, teamId: string, memberId: string): Promise<void> {
  await data.transaction.write((tx) => [
    tx.team.create({ teamId, data: { name: "North", plan: "office" } }),
    tx.teamMember.create({ teamId, memberId, data: { role: "lead", state: "active" } }),
    tx.auditLog.create({ teamId, data: { action: "founded", by: memberId } }),
  ]);
}

const weekMs = 7 * 24 * 60 * 60 * 1000;

/** Invites somebody, who accepts with the invitation's text. One who did not in time can be invited again. */
export async function invite(
  data: Data,
  teamId: string,
  memberId: string,
  until = Date.now() + weekMs,
): Promise<string> {
  const invitation = randomUUID();
  await data.teamMember.create({
    teamId,
    memberId,
    data: { role: "agent", state: "invited", invitation, until },
  });
  return invitation;
}

/** Whether the invitation was theirs, and not too old; then they are a member, and one that stays. */
export async function accept(
  data: Data,
  key: { readonly teamId: string; readonly memberId: string },
  invitation: string,
): Promise<boolean> {
  const member = await data.teamMember.get(key);
  if (member?.data.invitation !== invitation) return false;
  await data.teamMember.update(
    key,
    { state: "active" },
    { remove: ["invitation", "until"], ifUpdatedAt: member.updatedAt },
  );
  return true;
}

/** Plans an open house with the steps to prepare it. The scope of the team reaches nothing else. */
export async function planOpenHouse(data: Data, teamId: string, address: string) {
  const team = data.scope({ teamId });
  const startsAt = Date.UTC(2027, 4, 2, 14);
  const openHouse = await team.openHouse.create({ data: { address, startsAt } });
  const { workflowId } = await team.workflow.create({ data: { title: `Prepare ${address}` } });
  await team.workflowStep.batchPut(
    ["Photographs", "Signs"].map((text, i) => ({
      workflowId,
      stepId: `${i + 1}`,
      data: { text, done: false },
    })),
  );
  await team.workflowStep.update({ workflowId, stepId: "1" }, { done: true });
  await team.auditLog.create({ data: { action: `planned ${address}`, by: "somebody" } });
  return openHouse;
}

/** A link that opens the visitors' list of an open house. */
export async function share(data: Data, teamId: string, openHouseId: string): Promise<string> {
  const { token } = await data.secureLink.create({
    token: randomUUID(),
    data: { teamId, openHouseId, opened: 0 },
  });
  return token;
}

/** A visitor signs in, and becomes a lead of a user, who is told. */
export async function signIn(
  data: Data,
  openHouse: { readonly teamId: string; readonly openHouseId: string },
  visitor: { readonly name: string; readonly email?: string },
  userId: string,
): Promise<void> {
  const { openHouseId } = openHouse;
  await data.openHouseVisitor.create({ openHouseId, data: visitor });
  await data.lead.create({ userId, data: { ...visitor, status: "new", score: 1 } });
  await data.notification.create({
    userId,
    data: { text: `${visitor.name} signed in`, read: false },
  });
}

/** The names of the visitors, for whoever has the link; `null` if there is no such link. */
export async function openLink(data: Data, token: string): Promise<string[] | null> {
  const link = await data.secureLink.get({ token });
  if (link === null) return null;
  const { opened } = link.data;
  await data.secureLink.update({ token }, { opened: opened + 1 }, { ifUpdatedAt: link.updatedAt });
  const { openHouseId } = link.data;
  const { items } = await data.openHouseVisitor.query({ openHouseId }, { fields: ["name"] });
  return items.map((visitor) => visitor.data.name);
}

/** Everything of a team, its steps beside their workflows, and what was done there last. */
export async function teamPage(data: Data, teamId: string) {
  const all = await data.collections.team({ teamId });
  const { items: log } = await data.auditLog.query({ teamId }, { order: "desc", limit: 10 });
  return {
    name: all.team[0]?.data.name,
    members: all.teamMember.map((member) => `${member.memberId}: ${member.data.state}`),
    openHouses: all.openHouse.map((openHouse) => openHouse.data.address),
    workflows: all.workflow.map(({ workflowId, data: { title } }) => ({
      title,
      open: all.workflowStep
        .filter((step) => step.workflowId === workflowId && !step.data.done)
        .map((step) => step.data.text),
    })),
    log: log.map((entry) => entry.data.action),
  };
}

/** The teams that somebody belongs to. */
export async function teamsOf(data: Data, memberId: string): Promise<string[]> {
  const { items } = await data.teamMember.queryBy("byMember", { memberId });
  return items.filter((member) => member.data.state === "active").map(({ teamId }) => teamId);
}

/** The leads of a user that nobody has contacted yet. */
export async function newLeads(data: Data, userId: string): Promise<string[]> {
  const user = data.forUser(userId);
  const { items } = await user.lead.queryBy("byStatus", { status: "new" }, { fields: ["name"] });
  return items.map((lead) => lead.data.name);
}

/** The newest leads of a user, and how many of the newest notifications were not read. */
export async function userPage(data: Data, userId: string) {
  const user = data.forUser(userId);
  const [leads, unread] = await Promise.all([
    user.lead.query({}, { by: "createdAt", order: "desc", limit: 10 }),
    user.notification.query({}, { where: { read: false }, fields: ["read"] }),
  ]);
  return { leads: leads.items.map((lead) => lead.data.name), unread: unread.items.length };
}

export async function afternoon(data: Data) {
  const teamId = randomUUID();
  await foundTeam(data, teamId, "ada");
  const invitation = await invite(data, teamId, "bo");
  await accept(data, { teamId, memberId: "bo" }, invitation);
  const openHouse = await planOpenHouse(data, teamId, "12 Elm Street");
  const token = await share(data, teamId, openHouse.openHouseId);
  await signIn(data, openHouse, { name: "Cy" }, "ada");
  await signIn(data, openHouse, { name: "Di", email: "di@example.com" }, "ada");
  return {
    visitors: await openLink(data, token),
    team: await teamPage(data, teamId),
    user: await userPage(data, "ada"),
  };
}

/** The application with entities of its own, on the engines. */
import { createTestDataLayer } from "bayon-coagent-data/testing";
import * as entities from "../../examples/own-entities/entities/index.js";
import {
  accept,
  afternoon,
  foundTeam,
  invite,
  newLeads,
  openLink,
  planOpenHouse,
  share,
  signIn,
  teamPage,
  teamsOf,
  userPage,
} from "../../examples/own-entities/office.js";
import { engines } from "../engines.js";

describe.each(engines)("$name", ({ engine }) => {
  const open = () => createTestDataLayer({ engine, entities });

  test("a team and a user have their pages, and a link its visitors", async () => {
    await using data = await open();
    const openHouse = await planOpenHouse(data, "north", "12 Elm Street");
    await planOpenHouse(data, "south", "1 Oak Street");
    const token = await share(data, "north", openHouse.openHouseId);
    await signIn(data, openHouse, { name: "Cy" }, "ada");
    await signIn(data, openHouse, { name: "Di", email: "di@example.com" }, "ada");
    const visitors = await openLink(data, token);
    expect([...(visitors ?? [])].sort()).toEqual(["Cy", "Di"]);
    expect((await data.secureLink.get({ token }))?.data.opened).toBe(1);
    expect(await openLink(data, "another")).toBeNull();
    expect(await teamPage(data, "north")).toEqual({
      name: undefined,
      members: [],
      openHouses: ["12 Elm Street"],
      workflows: [{ title: "Prepare 12 Elm Street", open: ["Signs"] }],
      log: ["planned 12 Elm Street"],
    });
    expect(await userPage(data, "ada")).toEqual({ leads: ["Di", "Cy"], unread: 2 });
    expect(await userPage(data, "bo")).toEqual({ leads: [], unread: 0 });
  });

  test("leads are found by their status, and teams by their members", async () => {
    await using data = await open();
    const openHouse = { teamId: "north", openHouseId: "o1" };
    for (const name of ["Cy", "Di"]) await signIn(data, openHouse, { name }, "ada");
    const { items } = await data.lead.query({ userId: "ada" }, { where: { name: "Cy" } });
    await data.lead.update(items[0] as never, { status: "contacted" });
    expect(await newLeads(data, "ada")).toEqual(["Di"]);
    expect(await newLeads(data, "bo")).toEqual([]);
    for (const teamId of ["south", "north"]) {
      const invitation = await invite(data, teamId, "bo");
      if (teamId === "south") await accept(data, { teamId, memberId: "bo" }, invitation);
    }
    expect(await teamsOf(data, "bo")).toEqual(["south"]);
  });

  test("an invitation is accepted once, with its text", async () => {
    await using data = await open();
    const key = { teamId: "north", memberId: "bo" };
    const invitation = await invite(data, key.teamId, key.memberId);
    expect(await accept(data, key, "another")).toBe(false);
    expect(await accept(data, { ...key, teamId: "south" }, invitation)).toBe(false);
    expect(await accept(data, key, invitation)).toBe(true);
    expect((await data.teamMember.get(key))?.data).toEqual({ role: "agent", state: "active" });
    expect(await accept(data, key, invitation)).toBe(false);
  });

  test("an invitation that nobody accepted in time is gone, and a member stays", async () => {
    const clock = { time: Date.UTC(2027, 4, 2), now: () => clock.time };
    await using data = await createTestDataLayer({ engine, entities, clock });
    const bo = { teamId: "north", memberId: "bo" };
    const cy = { teamId: "north", memberId: "cy" };
    const until = clock.time + 1000;
    const late = await invite(data, "north", "bo", until);
    const accepted = await invite(data, "north", "cy", until);
    expect(await accept(data, cy, accepted)).toBe(true);
    clock.time = until;
    expect(await accept(data, bo, late)).toBe(false);
    expect((await teamPage(data, "north")).members).toEqual(["cy: active"]);
    const again = await invite(data, "north", "bo", until + 1000);
    expect(await accept(data, bo, again)).toBe(true);
    expect((await teamPage(data, "north")).members).toEqual(["bo: active", "cy: active"]);
  });

  test("a team is founded once, or nothing of it is written", async () => {
    await using data = await open();
    if (!data.engine.capabilities.transactions) return;
    await foundTeam(data, "north", "ada");
    await expect(foundTeam(data, "north", "bo")).rejects.toThrow();
    const page = await teamPage(data, "north");
    expect(page).toMatchObject({ name: "North", members: ["ada: active"], log: ["founded"] });
    const { team } = await afternoon(data);
    expect(team.members).toEqual(["ada: active", "bo: active"]);
  });
});

/** Made-up agents with everything that the application keeps of them. */
import type { FacadeName } from "../../services/entities.js";
import type { SourceItem } from "../move/firestore/map-document.js";
import { createRandom, type Random } from "./random.js";
import {
  agencies,
  agentNames,
  article,
  clientNames,
  comment,
  contentTypes,
  type Market,
  markets,
  note,
  planSteps,
  platforms,
  projectNames,
  reportTopics,
  slug,
  trainingModules,
} from "./sample-text.js";

const dayMs = 86_400_000;

/** The newest of all dates is before this one, so that no run depends on the day it is made. */
export const lastDay = Date.UTC(2025, 9, 1);

/** An item of one of the twelve entities. */
export interface SampleItem extends SourceItem {
  readonly facade: FacadeName;
}

export interface SampleOptions {
  /** How many agents; each has about 40 items. */
  readonly users: number;
  /** Another seed makes other agents. The first agents of a seed are the same however many there are. */
  readonly seed: number;
}

/** Yields the items of each agent in turn. The same options give the same items, ids and dates. */
export function* sampleItems({ users, seed }: SampleOptions): Generator<SampleItem> {
  for (const agent of agents({ users, seed })) yield* itemsOf(agent);
}

/** The ids of the made-up agents, in order. */
export function* sampleUsers(options: SampleOptions): Generator<string> {
  for (const { userId } of agents(options)) yield userId;
}

function* agents({ users, seed }: SampleOptions): Generator<Agent> {
  for (let index = 0; index < users; index += 1) yield createAgent(index, seed);
}

interface Agent {
  readonly random: Random;
  readonly userId: string;
  readonly name: string;
  readonly handle: string;
  readonly email: string;
  readonly agency: string;
  readonly market: Market;
  readonly since: number;
  /** Whether the agent's Google profile is connected. */
  readonly connected: boolean;
}

function createAgent(index: number, seed: number): Agent {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1) + index * 7919);
  const name = agentNames[(index + seed) % agentNames.length] ?? agentNames[0];
  const round = Math.floor(index / agentNames.length);
  const handle = `${slug(name)}${round === 0 ? "" : round + 1}`;
  return {
    random,
    userId: random.id(28),
    name,
    handle,
    email: `${handle}@example.com`,
    agency: random.pick(agencies),
    market: random.pick(markets),
    since: lastDay - random.integer(300, 800) * dayMs,
    connected: index % 3 !== 2,
  };
}

/** A date between the agent's first day and the last of all. */
function someDate({ random, since }: Agent): number {
  return since + Math.floor(random.next() * (lastDay - since));
}

const iso = (ms: number): string => new Date(ms).toISOString();

function* itemsOf(agent: Agent): Generator<SampleItem> {
  yield* profilesOf(agent);
  yield* standingOf(agent);
  yield* workOf(agent);
  yield* reviewsOf(agent);
  if (agent.connected) yield tokenOf(agent);
}

/** An item below the user, with its Firestore path. */
function ofUser(
  { userId }: Agent,
  facade: FacadeName,
  [collection, part, id]: readonly [collection: string, part: string, id: string],
  createdAt: number,
  data: Readonly<Record<string, unknown>>,
): SampleItem {
  const path = `users/${userId}/${collection}/${id}`;
  return { path, facade, key: { userId, [part]: id }, data, createdAt };
}

function* profilesOf(agent: Agent): Generator<SampleItem> {
  const { random, userId, name, email, handle, market, agency, since } = agent;
  const photoURL = `https://images.example.com/agents/${handle}.jpg`;
  yield {
    path: `users/${userId}`,
    facade: "userProfile",
    key: { userId },
    createdAt: since,
    data: { id: userId, email, displayName: name, photoURL, createdAt: iso(since) },
  };
  const place = random.pick(market.neighbourhoods);
  yield ofUser(
    agent,
    "realEstateAgentProfile",
    ["agentProfiles", "agentProfileId", "main"],
    since,
    {
      id: "main",
      name,
      bio: `${name} has sold homes in ${place} and the rest of ${market.city} since ${random.integer(1999, 2019)}. Before that: a carpenter's workshop, which still helps at inspections.`,
      photoURL,
      agencyName: agency,
      licenseNumber: `${market.state}-${random.integer(10_000, 99_999)}`,
      phone: `(${market.areaCode}) 555-01${String(random.integer(0, 99)).padStart(2, "0")}`,
      address: `${random.integer(100, 9900)} Main St, ${market.city}, ${market.state}`,
      certifications: random.sample(["CRS", "ABR", "SRES", "GRI"], random.integer(0, 3)),
      yearsOfExperience: random.integer(2, 26),
      transactionHistory: random.integer(12, 480),
      website: `https://${handle}.example.com`,
      zillowEmail: email,
    },
  );
}

/** The agent in the market: audit, competitors, plans, what the reviews say. */
function* standingOf(agent: Agent): Generator<SampleItem> {
  const { random, name, market } = agent;
  const lastRun = someDate(agent);
  yield ofUser(agent, "brandAudit", ["brandAudits", "auditId", "main"], lastRun, {
    id: "main",
    lastRun: iso(lastRun),
    results: platforms.map((platform) => {
      const status = random.pick(["Consistent", "Consistent", "Inconsistent", "Not Found"]);
      const found = status !== "Not Found";
      return {
        platform,
        platformUrl: found ? `https://${slug(platform)}.example.com/${agent.handle}` : "",
        foundName: found ? name : null,
        foundAddress: found ? `${market.city}, ${market.state}` : "",
        foundPhone: found ? `(${market.areaCode}) 555-0100` : "",
        status,
      };
    }),
  });
  for (const competitor of random.sample(agentNames, 4)) {
    if (competitor === name) continue;
    const createdAt = someDate(agent);
    yield ofUser(agent, "competitor", ["competitors", "competitorId", random.id()], createdAt, {
      name: competitor,
      agency: random.pick(agencies),
      reviewCount: random.integer(3, 260),
      avgRating: random.integer(28, 50) / 10,
      socialFollowers: random.integer(120, 48_000),
      domainAuthority: random.integer(4, 62),
      createdAt: iso(createdAt),
    });
  }
  for (let plan = 0; plan < 2; plan += 1) {
    const createdAt = someDate(agent);
    yield ofUser(agent, "marketingPlan", ["marketingPlans", "planId", random.id()], createdAt, {
      plan: random.sample(planSteps, 3),
      createdAt: iso(createdAt),
    });
  }
  const analyzedAt = someDate(agent);
  yield ofUser(agent, "reviewAnalysis", ["reviewAnalyses", "analysisId", "main"], analyzedAt, {
    id: "main",
    overallSentiment: random.pick(["Positive", "Positive", "Mixed"]),
    summary: `Clients praise how patient ${name.split(" ")[0]} is; some wish for quicker answers before closing.`,
    keywords: random.sample(["patient", "honest", "video tour", "negotiation", "staging"], 3),
    commonThemes: random.sample(["communication", "pricing", "local knowledge"], 2),
    analyzedAt: iso(analyzedAt),
  });
}

/** What the agent makes: projects, content in them, reports, training. */
function* workOf(agent: Agent): Generator<SampleItem> {
  const { random, market } = agent;
  const projectIds: string[] = [];
  for (const name of random.sample(projectNames, random.integer(2, 4))) {
    const createdAt = someDate(agent);
    const projectId = random.chance(0.5) ? String(createdAt) : random.id();
    projectIds.push(projectId);
    yield ofUser(agent, "project", ["projects", "projectId", projectId], createdAt, {
      id: projectId,
      name,
      createdAt: iso(createdAt),
    });
  }
  const pieces = random.integer(8, 14);
  for (let piece = 0; piece < pieces; piece += 1) {
    const createdAt = someDate(agent);
    const contentId = random.chance(0.5) ? String(createdAt) : random.id();
    const type = random.pick(contentTypes);
    const place = random.pick(market.neighbourhoods);
    const name = `${type}: ${place}, ${iso(createdAt).slice(0, 7)}`;
    const long = type === "Blog Post" || type === "Market Update";
    yield ofUser(agent, "savedContent", ["savedContent", "contentId", contentId], createdAt, {
      id: contentId,
      type,
      name,
      content: long ? article(random, name, place, random.integer(8, 16)) : note(random, place),
      projectId: random.chance(0.75) ? (projectIds[piece % projectIds.length] ?? null) : null,
      status: random.pick(["draft", "published"]),
      createdAt: iso(createdAt),
    });
  }
  for (const topic of random.sample(reportTopics, random.integer(2, 4))) {
    const createdAt = someDate(agent);
    const reportId = String(createdAt);
    yield ofUser(agent, "researchReport", ["researchReports", "reportId", reportId], createdAt, {
      id: reportId,
      topic,
      report: article(random, topic, market.city, random.integer(10, 16)),
      citations: [`https://data.example.org/${slug(market.city)}/${slug(topic)}`],
      createdAt: iso(createdAt),
    });
  }
  for (const moduleId of random.sample(trainingModules, random.integer(2, 5))) {
    const completedAt = someDate(agent);
    const ids = ["trainingProgress", "moduleId", moduleId] as const;
    yield ofUser(agent, "trainingProgress", ids, completedAt, {
      id: moduleId,
      completed: true,
      completedAt: iso(completedAt),
    });
  }
}

function* reviewsOf(agent: Agent): Generator<SampleItem> {
  const { random, userId, name, market } = agent;
  for (const client of random.sample(clientNames, random.integer(4, 8))) {
    const date = someDate(agent);
    const reviewId = random.id();
    const rating = random.pick([5, 5, 5, 4, 4, 3, 2]);
    yield {
      path: `reviews/${reviewId}`,
      facade: "review",
      key: { agentId: userId, reviewId },
      createdAt: date,
      data: {
        id: reviewId,
        agentId: userId,
        author: { name: client },
        source: random.pick(["Google", "Google", "Zillow", "Yelp"]),
        avatarUrl: `https://images.example.com/clients/${slug(client)}.jpg`,
        rating,
        comment: comment(random, rating, name, random.pick(market.neighbourhoods)),
        date: iso(date),
      },
    };
  }
}

/** A connection to Google whose tokens open nothing. */
function tokenOf(agent: Agent): SampleItem {
  const { userId, handle } = agent;
  const createdAt = someDate(agent);
  return {
    path: `googleBusinessProfiles/${userId}`,
    facade: "oauthToken",
    key: { userId },
    createdAt,
    data: {
      agentProfileId: userId,
      accessToken: `not-a-real-access-token-of-${handle}`,
      refreshToken: `not-a-real-refresh-token-of-${handle}`,
      expiryDate: createdAt + 3_600_000,
      createdAt: iso(createdAt),
    },
  };
}

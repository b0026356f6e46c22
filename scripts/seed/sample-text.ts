/** The words of made-up agents, their markets and their clients. */
import type { Random } from "./random.js";

/** A market: a city, its state and some of its neighbourhoods. */
export interface Market {
  readonly city: string;
  readonly state: string;
  readonly areaCode: string;
  readonly neighbourhoods: readonly [string, ...string[]];
}

export const markets: readonly [Market, ...Market[]] = [
  {
    city: "Seattle",
    state: "WA",
    areaCode: "206",
    neighbourhoods: ["Ballard", "Fremont", "Queen Anne", "Columbia City", "Green Lake"],
  },
  {
    city: "Portland",
    state: "OR",
    areaCode: "503",
    neighbourhoods: ["Sellwood", "Alberta Arts", "St. Johns", "Laurelhurst", "Montavilla"],
  },
  {
    city: "Austin",
    state: "TX",
    areaCode: "512",
    neighbourhoods: ["Hyde Park", "Mueller", "Travis Heights", "Zilker", "Crestview"],
  },
  {
    city: "Denver",
    state: "CO",
    areaCode: "303",
    neighbourhoods: ["Highland", "Wash Park", "Berkeley", "Sunnyside", "Baker"],
  },
];

export const agentNames = [
  "Maya Okafor",
  "José Ramírez",
  "Hannah Lindqvist",
  "Wei Chen",
  "Priya Raman",
  "D'Arcy O'Brien",
  "Zoë Müller",
  "Tomasz Wójcik",
  "Aisha Rahman",
  "Noah van der Berg",
  "Keiko Tanaka",
  "Søren Dahl",
] as const;

export const clientNames = [
  "Anne-Marie Dubois",
  "Carlos Vega",
  "Emily & Jon Park",
  "Fatima Zahra",
  "George Whitfield",
  "Ingrid Solberg",
  "Kofi Mensah",
  "Lucía Fernández",
  "Nguyễn Minh Anh",
  "Oleksandr Koval",
  "Rachel Stein",
  "Theo Papadakis",
] as const;

export const agencies = [
  "Blue Door Realty",
  "Cedar & Main Homes",
  "Harborlight Properties",
  "Northside Key Group",
  "Juniper Street Realty",
  "Four Corners Brokerage",
] as const;

export const contentTypes = [
  "Blog Post",
  "Social Media",
  "Listing Description",
  "Market Update",
  "Video Script",
  "Email Newsletter",
] as const;

export const projectNames = [
  "Spring listings",
  "First-time buyers",
  "Condo owners newsletter",
  "Open house season",
  "Downsizing guide",
  "Relocation from California",
  "Fall market report",
] as const;

export const reportTopics = [
  "Days on market by neighbourhood",
  "What buyers pay for walkability",
  "Accessory dwelling units and resale value",
  "School boundaries and prices",
  "Mortgage rates and inventory",
] as const;

export const trainingModules = [
  "ai-workflow",
  "brand-audit",
  "competitive-analysis",
  "content-marketing",
  "local-seo",
  "social-media",
] as const;

export const platforms = [
  "Google Business Profile",
  "Zillow",
  "Realtor.com",
  "Yelp",
  "Facebook",
  "Bing Places",
] as const;

export const planSteps = [
  {
    task: "Ask the last ten clients for a review",
    rationale: "New reviews lift the profile in local search within weeks.",
    tool: "Brand Audit",
    toolLink: "/brand-audit",
  },
  {
    task: "Publish one neighbourhood guide a week",
    rationale: "Buyers search for places before they search for agents.",
    tool: "Content Engine",
    toolLink: "/content-engine?tab=blog-post",
  },
  {
    task: "Correct the phone number on Yelp and Bing",
    rationale: "Directories that disagree cost trust and ranking.",
    tool: "Brand Audit",
    toolLink: "/brand-audit",
  },
  {
    task: "Answer the three questions competitors rank for",
    rationale: "Their pages are thin; a thorough answer can overtake them.",
    tool: "Competitive Analysis",
    toolLink: "/competitive-analysis",
  },
  {
    task: "Turn the market report into a short video",
    rationale: "The same figures reach people who do not read reports.",
    tool: "Content Engine",
    toolLink: "/content-engine?tab=video-script",
  },
] as const;

const openings = [
  "Every spring I am asked the same question at open houses: is it a good moment to buy in {place}?",
  "Walk down any street in {place} on a Saturday morning and you will see why so many people want to stay.",
  "{place} has changed more in five years than in the twenty before, and prices tell only half of it.",
  "If you own a home in {place}, the letters in your mailbox say sell now. The figures are calmer.",
] as const;

const facts = [
  "Homes here sold after {days} days on average last quarter, against {more} a year ago. Those that were priced within three per cent of their appraisal went under contract twice as fast.",
  "The median price stands at ${price},000. That is four per cent above last year, but the spread is wide: craftsman houses with a finished basement gained, small condos without parking did not.",
  "Inventory is the quiet story. {count} houses were for sale on the first of the month, and a third of them had cut their price at least once.",
  "Of the {count} sales I looked at, {days} closed above asking. Almost all of those had fresh paint, a clean inspection report and photographs taken in daylight.",
  "Appraisals have come in low on one contract in {days}. It happens most on blocks where the last comparable sale is more than half a year old, so bring your own list of three.",
  "Rents rose by six per cent while prices rose by four. For an owner who is moving away for two years, keeping the house has begun to pay for its own roof.",
  "The block between the park and the library had {days} sales in twelve months, more than any other in {place}. Two of the buyers came from around the corner.",
  "A dormer costs about as much as a year of a private school here, and came back in full in most of the {days} sales that had one.",
] as const;

const advice = [
  "**Before you list**, walk through your home with the eyes of a stranger. Replace the bulbs, wash the windows, and empty one closet in two: space sells.",
  "**Before you make an offer**, read the last three years of the owners' association's minutes. Special assessments are announced there long before they are billed.",
  "**Ask about the sewer line.** In houses built before 1960 a camera inspection costs a few hundred dollars and can save twenty thousand.",
  "**Get your approval letter dated this month.** Sellers with two equal offers take the one whose bank has looked at the file last.",
  "**Think about the commute you will have, not the one you have now.** A bus line that runs every ten minutes adds more to resale than a second bathroom.",
  "**Leave the appliances.** A buyer who moves in on Friday will pay for a washing machine that works on Saturday, and nobody ever got more for taking it along.",
  "**Measure twice.** The county's record of the living area is wrong in one house in twelve; finding out before the appraiser does is the cheap way.",
  "**Visit at night.** Stand on the porch at ten, listen for the road and the bar, and count the lights that are on. Then visit once more in the rain.",
] as const;

const closings = [
  "None of this is advice for your house in particular. For that, call me: I answer my own phone.",
  "I keep a list of what sold, street by street, and share it with anyone who asks. No form to fill in.",
  "Next week: what the new zoning rules mean for corner lots. Until then, enjoy {place} in the evening light.",
] as const;

const praise = [
  "{agent} found us a house in {place} in three weeks, after we had looked on our own for a year.",
  "Patient, honest and quick to answer. {agent} told us not to buy two houses before the right one came.",
  "Sold above asking with four offers. The staging advice alone was worth the commission.",
  "We moved from overseas and did everything by video. {agent} never once made us feel far away.",
] as const;

const mixed = [
  "Knows {place} very well. Communication was slow in the week before closing, but it worked out.",
  "Good negotiator, though the photographs had to be taken twice.",
] as const;

const complaints = [
  "Three weeks without an answer. We went with somebody else in the end.",
  "The listing had the wrong square footage for days after we had pointed it out.",
] as const;

/** Fills the placeholders of a text. */
function fill(text: string, random: Random, place: string, agent = "our agent"): string {
  const days = random.integer(9, 32);
  return text
    .replaceAll("{place}", place)
    .replaceAll("{agent}", agent)
    .replaceAll("{days}", String(days))
    .replaceAll("{more}", String(days + random.integer(2, 12)))
    .replaceAll("{price}", String(random.integer(480, 1250)))
    .replaceAll("{count}", String(random.integer(41, 160)));
}

/** An article in Markdown: up to sixteen different sections of about 180 bytes. */
export function article(random: Random, title: string, place: string, sections: number): string {
  const half = Math.ceil(sections / 2);
  const tips = random.sample(advice, sections - half);
  const body = random.sample(facts, half).flatMap((fact, at) => [fact, tips[at] ?? []].flat());
  const parts = [random.pick(openings), ...body, random.pick(closings)];
  return [`# ${title}`, ...parts.map((part) => fill(part, random, place))].join("\n\n");
}

/** A few sentences, as a post or a description has them. */
export function note(random: Random, place: string): string {
  return fill(`${random.pick(openings)} ${random.pick(closings)}`, random, place);
}

/** What a client says about an agent, to fit the rating from 1 to 5. */
export function comment(random: Random, rating: number, agent: string, place: string): string {
  const texts = rating >= 4 ? praise : rating === 3 ? mixed : complaints;
  return fill(random.pick(texts), random, place, agent.split(" ")[0]);
}

/** Letters and digits that are safe in an address: `jose-ramirez`. */
export function slug(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

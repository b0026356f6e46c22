"use client";

import { useSuspenseQuery } from "@tanstack/react-query";
import type { BrandAudit, MarketingPlan } from "bayon-coagent-data";
import { q } from "../lib/queries";
import { average, ReviewCard } from "./review";

export function Dashboard() {
  const { data } = useSuspenseQuery(q.dashboard());
  const { agentProfile, brandAudit, competitors, latestPlan, reviews, newestReviews } = data;
  return (
    <main>
      <h1>{agentProfile?.data.name ?? "Dashboard"}</h1>
      <p className="muted">{agentProfile?.data.agencyName}</p>
      <dl className="figures">
        <Figure name="Average rating" value={average(reviews).toFixed(1)} />
        <Figure name="Reviews" value={reviews.length} />
        <Figure name="Homes sold" value={agentProfile?.data.transactionHistory ?? "–"} />
        <Figure name="Competitors" value={competitors.length} />
      </dl>
      <div className="columns">
        <section className="card">
          <h2>Newest reviews</h2>
          {newestReviews.map((review) => (
            <ReviewCard key={review.reviewId} review={review} />
          ))}
        </section>
        <section className="card">
          <h2>Latest plan</h2>
          <ol>
            {tasksOf(latestPlan).map((task) => (
              <li key={task}>{task}</li>
            ))}
          </ol>
        </section>
        {brandAudit !== null && <Audit audit={brandAudit} />}
        <section className="card">
          <h2>Competitors</h2>
          <table>
            <tbody>
              {competitors.map(({ competitorId, data: { name, avgRating, reviewCount } }) => (
                <tr key={competitorId}>
                  <th scope="row">{name}</th>
                  <td>{avgRating} ★</td>
                  <td className="muted">{reviewCount} reviews</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
    </main>
  );
}

/** Old plans are one text. */
function tasksOf(latest: MarketingPlan | null): string[] {
  const plan = latest?.data.plan ?? [];
  return typeof plan === "string" ? [plan] : plan.map(({ task }) => task ?? "");
}

function Figure({ name, value }: { name: string; value: string | number }) {
  return (
    <div className="card">
      <dt className="muted">{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Audit({ audit }: { audit: BrandAudit }) {
  return (
    <section className="card">
      <h2>Brand audit</h2>
      <table>
        <tbody>
          {audit.data.results?.map(({ platform, status }) => (
            <tr key={platform}>
              <th scope="row">{platform}</th>
              <td>
                <span className="chip" data-status={status}>
                  {status}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

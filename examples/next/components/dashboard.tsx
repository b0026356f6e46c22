"use client";

import { useLive } from "bayon-coagent-data/react";
import type { ReactNode } from "react";
import { q } from "../lib/queries";
import { average, ReviewCard } from "./review";

export function Dashboard() {
  const { data } = useLive(q.dashboard());
  if (data === undefined) return null;
  const { agentProfile, brandAudit, competitors, latestPlan, reviews, newestReviews } = data;
  const figures = [
    ["Average rating", average(reviews).toFixed(1)],
    ["Reviews", reviews.length],
    ["Homes sold", agentProfile?.data.transactionHistory ?? "–"],
    ["Competitors", competitors.length],
  ];
  const plan = latestPlan?.data.plan ?? [];
  const tasks = typeof plan === "string" ? [plan] : plan.map(({ task }) => task);
  return (
    <main>
      <h1>{agentProfile?.data.name ?? "Dashboard"}</h1>
      <p className="muted">{agentProfile?.data.agencyName}</p>
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name} className="card">
            <dt className="muted">{name}</dt>
            <dd className="big">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="columns">
        <Card title="Newest reviews">
          {newestReviews.map((review) => (
            <ReviewCard key={review.reviewId} review={review} />
          ))}
        </Card>
        <Card title="Latest plan">
          <ol>
            {tasks.map((task) => (
              <li key={task}>{task}</li>
            ))}
          </ol>
        </Card>
        <Card title="Brand audit">
          {brandAudit?.data.results?.map(({ platform, status }) => (
            <p key={platform} className="row">
              <span>{platform}</span>
              <span className="chip" data-status={status}>
                {status}
              </span>
            </p>
          ))}
        </Card>
        <Card title="Competitors">
          {competitors.map(({ competitorId, data: { name, avgRating, reviewCount } }) => (
            <p key={competitorId} className="row">
              <span>{name}</span> {avgRating} ★ <small>{reviewCount} reviews</small>
            </p>
          ))}
        </Card>
      </div>
    </main>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

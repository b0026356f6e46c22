"use client";

import { useLive } from "bayon-coagent-data/react";
import { q } from "../lib/queries";
import { average, ReviewCard, Stars } from "./review";

export function Reviews() {
  const { data } = useLive(q.brandAuditPage());
  if (data === undefined) return null;
  const { reviews, reviewAnalysis } = data;
  return (
    <main>
      <h1>Reviews</h1>
      <section className="card">
        <p className="big">
          {average(reviews).toFixed(1)} <Stars rating={average(reviews)} />
        </p>
        <p>{reviewAnalysis?.data.summary}</p>
        <p className="muted">{reviewAnalysis?.data.keywords?.join(" · ")}</p>
      </section>
      <div className="columns">
        {reviews.map((review) => (
          <section key={review.reviewId} className="card">
            <ReviewCard review={review} />
          </section>
        ))}
      </div>
    </main>
  );
}

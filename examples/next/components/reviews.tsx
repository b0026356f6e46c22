"use client";

import { useSuspenseQuery } from "@tanstack/react-query";
import { q } from "../lib/queries";
import { average, ReviewCard, Stars } from "./review";

export function Reviews() {
  const { reviews, reviewAnalysis } = useSuspenseQuery(q.brandAuditPage()).data;
  return (
    <main>
      <h1>Reviews</h1>
      <section className="card summary">
        <p className="big">{average(reviews).toFixed(1)}</p>
        <Stars rating={average(reviews)} />
        <p>{reviewAnalysis?.data.summary}</p>
        <p>
          {reviewAnalysis?.data.keywords?.map((keyword) => (
            <span key={keyword} className="chip">
              {keyword}
            </span>
          ))}
        </p>
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

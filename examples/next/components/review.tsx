import type { Review } from "bayon-coagent-data";

export function Stars({ rating }: { rating: number }) {
  const full = Math.round(rating);
  return (
    <span className="stars" role="img" aria-label={`${rating} of 5 stars`}>
      {"★".repeat(full)}
      <span>{"★".repeat(5 - full)}</span>
    </span>
  );
}

export function ReviewCard({ review: { data } }: { review: Review }) {
  const { author, comment, date, rating, source } = data;
  return (
    <article className="review">
      <p>
        <Stars rating={Number(rating)} /> <strong>{author.name}</strong>
      </p>
      <p>{comment}</p>
      <p className="muted">
        {source}
        {typeof date === "string" && `, ${date.slice(0, 10)}`}
      </p>
    </article>
  );
}

export function average(reviews: readonly Review[]): number {
  const sum = reviews.reduce((total, { data }) => total + Number(data.rating), 0);
  return reviews.length === 0 ? 0 : sum / reviews.length;
}

import type { Review } from "bayon-coagent-data";

export function Stars({ rating }: { rating: number }) {
  return (
    <span className="stars" role="img" aria-label={`${rating} of 5 stars`}>
      {"★".repeat(Math.round(rating))}
      <span>{"★".repeat(5 - Math.round(rating))}</span>
    </span>
  );
}

export function ReviewCard({ review: { data } }: { review: Review }) {
  return (
    <article className="review">
      <p>
        <Stars rating={Number(data.rating)} /> <strong>{data.author.name}</strong>
      </p>
      <p>{data.comment}</p>
      <p className="muted">
        {data.source}
        {typeof data.date === "string" && `, ${data.date.slice(0, 10)}`}
      </p>
    </article>
  );
}

export function average(reviews: readonly Review[]): number {
  const sum = reviews.reduce((total, { data }) => total + Number(data.rating), 0);
  return reviews.length === 0 ? 0 : sum / reviews.length;
}

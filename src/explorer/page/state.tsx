/** What is shown while there is nothing else to show: waiting, nothing found, a failure. */
import { CircleAlert, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { CallError } from "./api.js";

export function Waiting({ what }: { readonly what: string }) {
  return (
    <p className="state" role="status">
      <LoaderCircle className="spin" aria-hidden /> Reading {what} …
    </p>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="state empty">
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

interface FailedProps {
  readonly error: Error;
  readonly onRetry?: () => void;
}

export function Failed({ error, onRetry }: FailedProps) {
  const issues = error instanceof CallError ? error.failure.issues : [];
  const code = error instanceof CallError ? error.failure.code : null;
  return (
    <div className="state failed" role="alert">
      <CircleAlert aria-hidden />
      <div>
        <strong>{error.message}</strong>
        {issues.length > 1 && (
          <ul>
            {issues.map(({ path, message }) => (
              <li key={`${path} ${message}`}>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {code !== null && <p className="dim">{code}</p>}
        {onRetry !== undefined && (
          <button type="button" onClick={onRetry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

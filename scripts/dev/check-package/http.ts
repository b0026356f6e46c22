/** A server's answers, or what it answered instead. */

/** @throws Error with the beginning of an answer that is an error */
export async function readableAnswer(url: string, init?: RequestInit): Promise<string> {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const text = await answer.text();
  if (answer.status < 400) return text;
  throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 500)}`);
}

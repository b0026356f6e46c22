/** A server's responses, or errors that quote them. */

/** @throws Error with the beginning of the response, if it is an error */
export async function readableAnswer(url: string, init?: RequestInit): Promise<string> {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const text = await answer.text();
  if (answer.status < 400) return text;
  throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 500)}`);
}

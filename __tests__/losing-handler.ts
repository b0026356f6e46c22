/** A request handler that loses answers: the engine carries a request out, and nobody hears of it. */
import { NodeHttpHandler } from "@smithy/node-http-handler";

export class LosingHandler extends NodeHttpHandler {
  /** Answers that were lost so far. */
  losses = 0;
  private left = 0;

  /** Loses the next answers, so many of them. */
  lose(times: number): void {
    this.left = times;
  }

  override async handle(
    ...given: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    const answer = await super.handle(...given);
    if (this.left === 0) return answer;
    this.left -= 1;
    this.losses += 1;
    // Read to its end, so that the connection is free again.
    for await (const _ of answer.response.body as AsyncIterable<unknown>);
    throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  }
}

import { FaultyRequestHandler } from "../../src/testing/index.js";

type Handle = FaultyRequestHandler["handle"];

/** Holds requests back, so that a test decides when the engine gets them. */
export class HoldingHandler extends FaultyRequestHandler {
  /** Requests that wait now. */
  waiting = 0;
  private held: Promise<void> | undefined;
  private open = () => {};

  hold(): void {
    this.held = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  release(): void {
    this.held = undefined;
    this.open();
  }

  override async handle(...given: Parameters<Handle>): ReturnType<Handle> {
    if (this.held !== undefined) {
      this.waiting += 1;
      await this.held;
      this.waiting -= 1;
    }
    return super.handle(...given);
  }

  /** Resolves when so many requests wait. */
  async until(count: number): Promise<void> {
    while (this.waiting < count) await nextTurn();
  }

  /** Resolves when none waits. */
  async empty(): Promise<void> {
    while (this.waiting > 0) await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How pages are asked for, and when they go round. */
import { KeyCycle } from "../../src/read/cycles.js";
import { PageLimit } from "../../src/read/page-limit.js";

test("a query asks for what is missing, and for twice as much after each page that had others, within a bound", () => {
  const limit = new PageLimit();
  expect(limit.of(10)).toBe(10);
  limit.grow();
  expect([limit.of(10), limit.of(3)]).toEqual([20, 6]);
  for (let pages = 0; pages < 20; pages += 1) limit.grow();
  expect([limit.of(10), limit.of(5_000)]).toEqual([4_096, 5_000]);
});

test.each([
  [0, 1],
  [0, 5],
  [3, 1],
  [7, 4],
  [100, 33],
])(
  "keys that go round after %d pages, %d at a time, are noticed within three times as many",
  (before, around) => {
    const cycle = new KeyCycle();
    const keyAt = (page: number) => ({
      SK: page < before ? page : before + ((page - before) % around),
    });
    let pages = 0;
    const follow = () => {
      for (; pages <= 3 * (before + around); pages += 1) cycle.refuseRepeated(keyAt(pages));
    };
    expect(follow).toThrow("its next page was read before");
    // Not before it is one.
    expect(pages).toBeGreaterThanOrEqual(before + around);
  },
);

test("keys that only move on are followed", () => {
  const cycle = new KeyCycle();
  for (let page = 0; page < 10_000; page += 1) cycle.refuseRepeated({ PK: "p", SK: page });
});

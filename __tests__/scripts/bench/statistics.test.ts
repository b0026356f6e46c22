/** The arithmetic of `npm run bench`. What it measures is not tested: that depends on the machine. */
import { judge, unevenness } from "../../../scripts/bench/quiet.js";
import { compared, quantile, type Round } from "../../../scripts/bench/statistics.js";

const rounds = (...micros: number[]): Round[] =>
  micros.map((one) => ({ micros: one, perSecond: 1e6 / (2 * one), bySdk: 1 }));

describe("quantile", () => {
  test("is the number below which a share of the numbers lies, whatever their order", () => {
    const numbers = [10, 2, 9, 1, 8, 3, 7, 4, 6, 5];
    expect([0, 0.1, 0.5, 0.9, 1].map((at) => quantile(numbers, at))).toEqual([1, 2, 6, 10, 10]);
    expect(numbers[0]).toBe(10);
  });

  test("of no numbers is no number", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("a comparison", () => {
  test("is of rounds in pairs: a slow moment that hits both changes no ratio", () => {
    const measured = compared(
      new Map([
        ["base", rounds(100, 900, 100)],
        ["half", rounds(50, 450, 50)],
      ]),
      "base",
    ).get("half");
    expect(measured).toMatchObject({ ratio: 0.5, low: 0.5, high: 0.5, micros: 50 });
  });

  test("has the median, the quartiles and the quiet tenth", () => {
    const base = rounds(...Array.from({ length: 20 }, () => 100));
    const noisy = rounds(...Array.from({ length: 20 }, (_, index) => 10 * (index + 1)));
    const measured = compared(
      new Map([
        ["base", base],
        ["noisy", noisy],
      ]),
      "base",
    );
    expect(measured.get("noisy")).toMatchObject({
      ...{ micros: 110, quietMicros: 30, quietRatio: 0.3 },
      ...{ ratio: 1.1, low: 0.6, high: 1.6 },
    });
    expect(measured.get("base")).toMatchObject({ ratio: 1, low: 1, high: 1, quietRatio: 1 });
  });

  test("adds up the requests that did not go the direct path", () => {
    const measured = compared(new Map([["base", rounds(1, 2, 3)]]), "base");
    expect(measured.get("base")).toMatchObject({ bySdk: 3 });
  });

  test("tells how many operations a second of a core is enough for, and how many came in a second", () => {
    const [only] = [...compared(new Map([["base", rounds(200)]]), "base").values()];
    expect(only).toMatchObject({ perCoreSecond: 5_000, perSecond: 2_500 });
  });
});

describe("the machine", () => {
  const even = Array.from({ length: 20 }, () => 5);
  const uneven = even.map((one, index) => (index % 4 === 0 ? 2 * one : one));

  test("is quiet if others use little of it and its pace is even", () => {
    const { isQuiet, told } = judge([{ busyCores: 0.05, samples: even }]);
    expect(isQuiet).toBe(true);
    expect(told).toBe("quiet (others used 0.05 cores, the same work took up to 0 % longer)");
  });

  test.each([
    [
      "others use it before",
      [
        { busyCores: 0.8, samples: even },
        { busyCores: 0, samples: even },
      ],
    ],
    [
      "others use it after",
      [
        { busyCores: 0, samples: even },
        { busyCores: 0.8, samples: even },
      ],
    ],
    ["its pace is uneven", [{ busyCores: 0, samples: uneven }]],
  ])("is not quiet if %s, and the table says so", (_, seen) => {
    const { isQuiet, told } = judge(seen);
    expect(isQuiet).toBe(false);
    expect(told).toContain("not a quiet machine");
  });

  test("is not called uneven for a single outlier", () => {
    expect(unevenness([...even, 50])).toBe(0);
    expect(unevenness(uneven)).toBe(1);
  });
});

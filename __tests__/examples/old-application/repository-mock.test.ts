/** What works still: a mock of the application's own module of the repository. */
import { profileName } from "./profiles.js";

const mockGet = jest.fn(async (_pk: string, _sk: string) => ({ name: "of the repository's mock" }));

jest.mock("./repository.js", () => ({ getRepository: () => ({ get: mockGet }) }));

test("a mock of the module that re-exports the repository is what its call sites get", async () => {
  expect(await profileName("ana")).toBe("of the repository's mock");
  expect(mockGet.mock.calls).toEqual([["USER#ana", "PROFILE"]]);
});

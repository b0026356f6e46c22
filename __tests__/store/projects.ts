/** Projects for tests of batches. */
export const project = (userId: string, index: number | string, name = `name ${index}`) => ({
  userId,
  projectId: `p${String(index).padStart(5, "0")}`,
  data: { name },
});
export const many = (userId: string, count: number) =>
  Array.from({ length: count }, (_, index) => project(userId, index));
export const keysOf = (items: readonly { userId: string; projectId: string }[]) =>
  items.map(({ userId, projectId }) => ({ userId, projectId }));

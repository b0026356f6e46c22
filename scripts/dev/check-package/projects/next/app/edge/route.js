// The edge runtime, which the package does not run on: what it says there.
import { createDataLayer, getProjectKeys } from "bayon-coagent-data";

export const runtime = "edge";

export async function GET() {
  const key = getProjectKeys("user-1", "project-1").SK;
  try {
    createDataLayer();
  } catch (error) {
    return Response.json({ key, message: error.message });
  }
  return Response.json({ key, message: "made" });
}

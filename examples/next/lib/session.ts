import { createHmac, timingSafeEqual } from "node:crypto";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";

const cookie = "session";
const dayMs = 86_400_000;

/** The users of the test provider. An application asks its real one who somebody is. */
export const testUsers = [
  { id: "maya", name: "Maya Okafor" },
  { id: "jose", name: "José Ramírez" },
] as const;

function signed(session: string): Buffer {
  const secret = process.env.SESSION_SECRET;
  if (!secret) throw new Error("SESSION_SECRET is not set");
  const signature = createHmac("sha256", secret).update(session).digest("base64url");
  return Buffer.from(`${session}.${signature}`);
}

/** Gives the browser a cookie that no script can read, and that nobody without the secret can make. */
export async function startSession(userId: string): Promise<void> {
  (await cookies()).set(cookie, signed(`${userId}.${Date.now() + dayMs}`).toString(), {
    httpOnly: true,
    sameSite: "lax",
    secure: (await headers()).get("x-forwarded-proto") === "https",
    maxAge: dayMs / 1000,
  });
}

export async function endSession(): Promise<void> {
  (await cookies()).delete(cookie);
}

/** The user whose session the request has: the only place from which a user's id comes. */
export async function signedInUser(): Promise<string | null> {
  const value = (await cookies()).get(cookie)?.value ?? "";
  const [, session = "", userId = "", expires] = /^((.+)\.(\d+))\.[\w-]+$/.exec(value) ?? [];
  const [given, own] = [Buffer.from(value), signed(session)];
  const isOwn = given.length === own.length && timingSafeEqual(given, own);
  return isOwn && Number(expires) > Date.now() ? userId : null;
}

/** The user for whom a page is rendered; without one, the browser is sent to sign in. */
export async function userOfPage(): Promise<string> {
  return (await signedInUser()) ?? redirect("/sign-in");
}

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

const signatureOf = (session: string): string => {
  const secret = process.env.SESSION_SECRET;
  if (!secret) throw new Error("SESSION_SECRET is not set");
  return createHmac("sha256", secret).update(session).digest("base64url");
};

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** Gives the browser a cookie that no script can read, and that nobody without the secret can make. */
export async function startSession(userId: string): Promise<void> {
  const session = `${userId}.${Date.now() + dayMs}`;
  (await cookies()).set(cookie, `${session}.${signatureOf(session)}`, {
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
  const [, session = "", userId = "", expires, signature = ""] =
    /^((.+)\.(\d+))\.([\w-]+)$/.exec(value) ?? [];
  if (!isSame(signature, signatureOf(session)) || Number(expires) < Date.now()) return null;
  return userId;
}

/** The user for whom a page is rendered; without one, the browser is sent to sign in. */
export async function userOfPage(): Promise<string> {
  return (await signedInUser()) ?? redirect("/sign-in");
}

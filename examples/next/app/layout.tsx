import Link from "next/link";
import type { ReactNode } from "react";
import { Providers } from "../components/providers";
import { signedInUser, testUsers } from "../lib/session";
import { signOut } from "./actions";
import "./globals.css";

export const metadata = { title: { default: "Bayon Coagent", template: "%s · Bayon Coagent" } };

export default async function Layout({ children }: { children: ReactNode }) {
  const userId = await signedInUser();
  return (
    <html lang="en">
      <body>
        <header>
          <Link href="/" className="brand">
            Bayon Coagent
          </Link>
          {userId !== null && (
            <>
              <nav aria-label="Pages">
                <Link href="/">Dashboard</Link>
                <Link href="/projects">Projects</Link>
                <Link href="/content">Content</Link>
                <Link href="/reviews">Reviews</Link>
              </nav>
              <form action={signOut}>
                <span className="muted">{testUsers.find(({ id }) => id === userId)?.name}</span>
                <button type="submit">Sign out</button>
              </form>
            </>
          )}
        </header>
        {/* Another user gets another cache: its keys do not name whose data it holds. */}
        <Providers key={userId}>{children}</Providers>
      </body>
    </html>
  );
}

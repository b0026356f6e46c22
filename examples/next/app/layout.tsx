import Link from "next/link";
import type { ReactNode } from "react";
import { Providers } from "../components/providers";
import { signedInUser, testUsers } from "../lib/session";
import { signOut } from "./actions";
import "./globals.css";

export const metadata = { title: { default: "Bayon Coagent", template: "%s · Bayon Coagent" } };

const pages = [
  ["/", "Dashboard"],
  ["/projects", "Projects"],
  ["/content", "Content"],
  ["/reviews", "Reviews"],
] as const;

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
                {pages.map(([href, name]) => (
                  <Link key={href} href={href}>
                    {name}
                  </Link>
                ))}
              </nav>
              <form action={signOut}>
                <span className="muted">{testUsers.find(({ id }) => id === userId)?.name}</span>
                <button type="submit">Sign out</button>
              </form>
            </>
          )}
        </header>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}

/** As much of Next.js's types as the examples use. A build of an example has the real ones. */
declare module "*.css";

declare module "next/cache" {
  export function revalidatePath(path: string): void;
}

declare module "next/headers" {
  export function cookies(): Promise<{
    get(name: string): { readonly value: string } | undefined;
    set(name: string, value: string, options: object): void;
    delete(name: string): void;
  }>;
  export function headers(): Promise<Headers>;
}

declare module "next/link" {
  export default function Link(
    props: import("react").AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string },
  ): import("react").ReactNode;
}

declare module "next/navigation" {
  export function redirect(path: string): never;
  export function usePathname(): string;
}

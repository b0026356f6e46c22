/** As much of Next.js's types as the examples use. A build of an example has the real ones. */
declare module "next/cache" {
  export function revalidatePath(path: string): void;
}

declare module "next/headers" {
  export function cookies(): Promise<{
    get(name: string): { readonly value: string } | undefined;
  }>;
}

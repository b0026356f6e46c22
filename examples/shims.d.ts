/** As much of React's and Next.js's types as the examples use. A build of an example has the real ones. */
declare module "react" {
  export type ReactNode = JSX.Element | string | number | boolean | null | undefined | ReactNode[];
}

declare module "next/cache" {
  export function revalidatePath(path: string): void;
}

declare module "next/headers" {
  export function cookies(): Promise<{
    get(name: string): { readonly value: string } | undefined;
  }>;
}

declare namespace JSX {
  interface Element {
    readonly type: unknown;
  }
  interface IntrinsicElements {
    [name: string]: Record<string, unknown>;
  }
}

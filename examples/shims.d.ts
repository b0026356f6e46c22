/** As much of React's and Next.js's types as the examples use. A build of an example has the real ones. */
declare module "react" {
  export type ReactNode = JSX.Element | string | number | boolean | null | undefined | ReactNode[];
}

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
  export default function Link(props: {
    readonly href: string;
    readonly className?: string;
    readonly children: unknown;
  }): JSX.Element;
}

declare module "next/navigation" {
  export function redirect(path: string): never;
}

declare namespace JSX {
  interface Element {
    readonly type: unknown;
  }
  interface IntrinsicAttributes {
    readonly key?: string | number;
  }
  interface ElementChildrenAttribute {
    readonly children: unknown;
  }
  interface IntrinsicElements {
    [name: string]: Record<string, unknown>;
  }
}

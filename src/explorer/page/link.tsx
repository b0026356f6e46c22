/** Links within the page: they open in another tab as any link does. */
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { goTo, hrefOf } from "./route.js";

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: Readonly<Record<string, string | undefined>>;
  readonly onGo?: () => void;
}

export function Link({ to, onGo, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    onGo?.();
    goTo(to);
  };
  return (
    <a href={hrefOf(to)} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

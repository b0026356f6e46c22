/** What a screen that fails is replaced by: the rest of the page works on, and another screen can be opened. */
import { Component, type ReactNode } from "react";
import { Empty } from "./state.js";

interface BoundaryProps {
  readonly children: ReactNode;
}

/** Give it a key that changes with what is shown, so that the next screen is tried. */
export class Boundary extends Component<BoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div role="alert">
        <Empty title="This screen failed.">
          The address or an answer is not as the explorer expects it. The browser's console has the
          error; another screen can be opened.
        </Empty>
      </div>
    );
  }
}

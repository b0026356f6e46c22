/** Where the focus goes when what had it is gone: into the item that is open, or else to the screen. */
export function focusScreen(): void {
  const panel = document.querySelector<HTMLElement>(".panel");
  (panel ?? document.getElementById("main"))?.focus();
}

/** Light and dark: as the system says, until somebody chooses. */
import { Moon, Sun } from "lucide-react";
import { useState } from "react";

type Theme = "light" | "dark";

const name = "bayon-explorer-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | undefined {
  const found = window.localStorage.getItem(name);
  return found === "light" || found === "dark" ? found : undefined;
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = chosen() ?? "";
}

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(chosen() ?? (dark.matches ? "dark" : "light"));
  const other: Theme = theme === "dark" ? "light" : "dark";
  const change = () => {
    window.localStorage.setItem(name, other);
    applyTheme();
    setTheme(other);
  };
  return (
    <button type="button" className="icon" onClick={change} aria-label={`Use ${other} colours`}>
      {theme === "dark" ? <Sun aria-hidden /> : <Moon aria-hidden />}
    </button>
  );
}

/** VitePress's own theme without its web font, and with tables that fit a phone. */
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;

/** VitePress's own theme without its web font, and with tables that fit a phone. */
import theme from "vitepress/theme-without-fonts";
import "./style.js";

export default theme;

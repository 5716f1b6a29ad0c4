import {
  Button, createTheme, defaultVariantColorsResolver, type CSSVariablesResolver, type VariantColorsResolver,
} from "@mantine/core";
import { BLACK, DARK, DARK_TOKENS, GRAY, LIGHT_TOKENS, PETROL, RED, WHITE, type Token } from "./palette";

/** Filled accent keeps white text in the dark scheme in spite of `autoContrast`; this names the readable one. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const isAccent = (input.color ?? input.theme.primaryColor) === "petrol";
  if (input.variant === "filled" && isAccent) return { ...colours, color: "var(--ft-on-accent)", hoverColor: "var(--ft-on-accent)" };
  if (input.variant === "filled" && input.color === "red") {
    return { background: "var(--ft-bad)", hover: "var(--ft-bad)", color: "var(--ft-surface)", border: "1px solid transparent" };
  }
  return colours;
};

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: "sm",
  black: BLACK,
  white: WHITE,
  colors: { petrol: PETROL, gray: GRAY, dark: DARK, red: RED },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, monospace",
  fontSizes: { xs: "0.6875rem", sm: "0.8125rem", md: "0.8438rem", lg: "1rem", xl: "1.25rem" },
  spacing: { xs: "6px", sm: "10px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "5px", md: "8px", lg: "12px" },
  focusRing: "auto",
  respectReducedMotion: true,
  variantColorResolver,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" }, classNames: { root: "ft-button" } }),
    TextInput: { defaultProps: { size: "sm" }, classNames: { input: "ft-input" } },
    Select: { defaultProps: { size: "sm" }, classNames: { input: "ft-input" } },
    Textarea: { defaultProps: { size: "sm" }, classNames: { input: "ft-input" } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: false } },
    Modal: { defaultProps: { radius: "lg", centered: true, transitionProps: { duration: 120 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 160 } } },
  },
});

const named = (tokens: Record<Token, string>) =>
  Object.fromEntries(Object.entries(tokens).map(([name, value]) => [`--ft-${name}`, value]));

const mantine = {
  "--mantine-color-body": "var(--ft-canvas)",
  "--mantine-color-text": "var(--ft-text)",
  "--mantine-color-dimmed": "var(--ft-muted)",
  "--mantine-color-placeholder": "var(--ft-faint)",
  "--mantine-color-anchor": "var(--ft-accent)",
  "--mantine-color-error": "var(--ft-bad)",
  "--mantine-color-default": "var(--ft-surface)",
  "--mantine-color-default-hover": "var(--ft-sunken)",
  "--mantine-color-default-color": "var(--ft-text)",
  "--mantine-color-default-border": "var(--ft-strong)",
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...named(LIGHT_TOKENS), ...mantine },
  dark: { ...named(DARK_TOKENS), ...mantine },
});

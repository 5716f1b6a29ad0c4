/** Every colour of the app. No other file may name one: src/theme/colours.test.ts looks. */

export type Shades = [string, string, string, string, string, string, string, string, string, string];

export const PETROL: Shades = [
  "#E6F2F8", "#C9E3EF", "#9CCCE2", "#5BB8E0", "#2E98C4", "#0F7CAD", "#0B6A94", "#095778", "#07455F", "#053347",
];
export const GRAY: Shades = [
  "#F6F7F9", "#F0F2F5", "#E8EBEF", "#E2E6EA", "#CDD4DB", "#8593A0", "#66747F", "#51606F", "#23303B", "#17212B",
];
export const DARK: Shades = [
  "#E7ECF0", "#A6B2BD", "#8C99A5", "#5E6B77", "#3D4954", "#28313A", "#1D242B", "#171D23", "#12181D", "#0F1419",
];
export const RED: Shades = [
  "#FCECEA", "#F8D5D0", "#F0B0A8", "#F28B7D", "#E0695A", "#CB4C3D", "#B3372B", "#962B21", "#78221A", "#571812",
];
export const BLACK = "#0F1419";
export const WHITE = "#FFFFFF";

export const LIGHT_TOKENS = {
  canvas: "#F6F7F9", surface: "#FFFFFF", sunken: "#F0F2F5", border: "#E2E6EA", strong: "#C6CED6", field: "#8593A0",
  text: "#17212B", muted: "#51606F", faint: "#5F6D79", accent: "#0B6A94", "on-accent": "#FFFFFF", tint: "#E6F2F8",
  good: "#1A7544", goodbg: "#E7F5ED", bad: "#B3372B", badbg: "#FCECEA", warn: "#8A5A00", warnbg: "#FDF3DC",
  "series-1": "#0B7AAB", "series-2": "#D0800F", "series-3": "#2B6149", "series-4": "#B23A1C", "series-5": "#4C3566",
  "series-6": "#A86C86", rest: "#8593A0",
  "shadow-menu": "0 6px 18px rgb(23 33 43 / 12%)", "shadow-modal": "0 12px 32px rgb(23 33 43 / 16%)",
} as const;

export type Token = keyof typeof LIGHT_TOKENS;

export const DARK_TOKENS: Record<Token, string> = {
  canvas: "#0F1419", surface: "#171D23", sunken: "#12181D", border: "#28313A", strong: "#3D4954", field: "#75838F",
  text: "#E7ECF0", muted: "#A6B2BD", faint: "#8C99A5", accent: "#5BB8E0", "on-accent": "#0F1419", tint: "#14303F",
  good: "#5CC48A", goodbg: "#143024", bad: "#F28B7D", badbg: "#3A1E1B", warn: "#E3B04B", warnbg: "#352A12",
  "series-1": "#4FB3DE", "series-2": "#E8963A", "series-3": "#B4EBD3", "series-4": "#D9573A", "series-5": "#A97BE0",
  "series-6": "#B9627F", rest: "#75838F",
  "shadow-menu": "0 6px 18px rgb(0 0 0 / 40%)", "shadow-modal": "0 12px 32px rgb(0 0 0 / 50%)",
};

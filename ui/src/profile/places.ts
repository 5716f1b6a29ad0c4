/** Codes of countries and languages in words; what is no code stays as it is. */
const told = (value: string, locale: string, type: "region" | "language"): string => {
  if (value === "other") return "Other";
  try {
    return new Intl.DisplayNames([locale], { type }).of(value) ?? value;
  } catch {
    return value;
  }
};

export const regionTitle = (value: string, locale: string): string => (/^[A-Za-z]{2}$/.test(value) ? told(value.toUpperCase(), locale, "region") : told(value, locale, "region"));
export const languageTitle = (value: string, locale: string): string => told(value, locale, "language");

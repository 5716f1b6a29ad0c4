import type { Schemas } from "@/api/types";

export type Spec = Record<string, unknown>;
export type Doubt = Schemas["ConditionProblem"];
export type Field = "subject" | "preheader" | "html" | "mjml" | "text" | "sms" | "alert";

/** The language of a template's own texts. */
export const OWN = "";
export const TITLES: Record<Field, string> = {
  subject: "Subject", preheader: "Preview line", html: "Mail, HTML", mjml: "Mail, MJML", text: "Plain text", sms: "Text message", alert: "Push, alerts",
};

const texts = (spec: Spec, language: string): Spec => {
  const all = spec.languages as Record<string, Spec> | undefined;
  return language === OWN ? spec : (all?.[language] ?? {});
};

export const textOf = (spec: Spec, language: string, field: Field): string => {
  const found = texts(spec, language)[field];
  return typeof found === "string" ? found : "";
};

/** The spec with a text; an empty one is left out, so that it is said as in the usual language. */
export function withText(spec: Spec, language: string, field: Field, text: string): Spec {
  const own = { ...texts(spec, language) };
  if (text === "") delete own[field];
  else own[field] = text;
  return language === OWN ? own : { ...spec, languages: { ...(spec.languages as object), [language]: own } };
}

export function withLanguage(spec: Spec, language: string): Spec {
  return { ...spec, languages: { ...(spec.languages as object), [language]: {} } };
}

export function withoutLanguage(spec: Spec, language: string): Spec {
  const rest = Object.fromEntries(Object.entries((spec.languages ?? {}) as Spec).filter(([tag]) => tag !== language));
  const bare = Object.fromEntries(Object.entries(spec).filter(([name]) => name !== "languages"));
  return Object.keys(rest).length > 0 ? { ...bare, languages: rest } : bare;
}

export const languagesOf = (spec: Spec): string[] => [OWN, ...Object.keys((spec.languages ?? {}) as object)];

/** How its mail is written; a new one in HTML. */
export const markupOf = (spec: Spec): "html" | "mjml" => (languagesOf(spec).some((language) => textOf(spec, language, "mjml")) ? "mjml" : "html");

/** Where a problem stands: the language and the field, as far as it stands in a text. */
export function placeOf(doubt: Doubt): { language: string; field: Field } | undefined {
  const [first, second, third] = doubt.path.map(String);
  const [language, field] = first === "languages" ? [second ?? OWN, third] : [OWN, first];
  return field !== undefined && field in TITLES ? { language, field: field as Field } : undefined;
}

/** "Mail, HTML, line 3", "German: subject". */
export function placeWords(doubt: Doubt): string {
  const place = placeOf(doubt);
  const named = place ? `${place.language ? `${place.language}: ` : ""}${TITLES[place.field]}` : doubt.path.length > 0 ? doubt.path.join(", ") : "The whole template";
  return doubt.line ? `${named}, line ${doubt.line}` : named;
}

/** The characters of a 1-based line. */
export function lineRange(text: string, line: number): [number, number] {
  const lines = text.split("\n");
  const start = lines.slice(0, Math.max(0, line - 1)).reduce((sum, one) => sum + one.length + 1, 0);
  return [Math.min(start, text.length), Math.min(start + (lines[line - 1]?.length ?? 0), text.length)];
}

/** What stands in front of a sentence of the server: the field is said beside it already. */
export const saidOf = (doubt: Doubt): string => {
  const said = doubt.what.replace(/^([a-z]{2,3}(-[A-Za-z]+)?: )?(subject|preheader|html|mjml|text|sms|alert|strings): /, "");
  // The name of a variable stays as it is written.
  return /^[a-z_]+[.']/.test(said) ? said : said.charAt(0).toUpperCase() + said.slice(1);
};

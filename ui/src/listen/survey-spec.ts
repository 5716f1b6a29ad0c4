import { at, drop, isMapping, put, type Json, type Mapping, type Path } from "@/condition/written";

export type Spec = Mapping;

/** The language of texts that are written once, for everybody. */
export const OWN = "";

const TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const LISTS = ["options", "rows", "columns"];

/** A text by language, not a mapping of something else. */
const isByLanguage = (value: Json | undefined): value is Mapping => isMapping(value) && Object.keys(value).length > 0 && Object.entries(value).every(([tag, text]) => TAG.test(tag) && typeof text === "string");

export const questionsOf = (spec: Spec): Mapping[] => (Array.isArray(spec.questions) ? spec.questions.filter(isMapping) : []);
export const textIn = (value: Json | undefined): string => (typeof value === "string" ? value : "");
export const keyOf = (question: Mapping): string => textIn(question.key);

/** The places of all texts that people read, in the order in which they read them. */
export function textPlaces(spec: Spec, fields: (type: string) => readonly string[]): Path[] {
  const places: Path[] = [["title"], ["intro"]];
  questionsOf(spec).forEach((question, index) => {
    const here = ["questions", index];
    places.push([...here, "ask"], [...here, "about"]);
    for (const name of fields(textIn(question.type))) places.push([...here, name]);
    for (const list of LISTS) {
      const items = question[list];
      if (Array.isArray(items)) items.forEach((_, place) => places.push([...here, list, place, "label"]));
    }
  });
  return [...places, ["thanks"]];
}

/** All languages in which anything is said; only {@link OWN} where everything is said once. */
export function languagesOf(spec: Spec): string[] {
  const found: string[] = [];
  const walk = (value: Json | undefined) => {
    if (isByLanguage(value)) found.push(...Object.keys(value));
    else if (Array.isArray(value)) value.forEach(walk);
    else if (isMapping(value)) for (const [name, inner] of Object.entries(value)) if (name !== "when") walk(inner);
  };
  walk(spec);
  const tags = [...new Set(found)];
  return tags.length > 0 ? tags : [OWN];
}

/** What stands there in a language; what is said once is said in all. */
export const saidAt = (spec: Json, place: Path, language: string): string => saidIn(at(spec, place), language);

export function saidIn(value: Json | undefined, language: string): string {
  if (typeof value === "string") return value;
  return isMapping(value) ? textIn(value[language]) : "";
}

/** The same in the first language that says it: for a line in a list. */
export function anySaid(value: Json | undefined, language: string): string {
  const own = saidIn(value, language);
  if (own || !isMapping(value)) return own;
  return Object.values(value).map(textIn).find(Boolean) ?? "";
}

/** The spec with a text in a language; an empty one is taken out. What is said once stays so while there is one language. */
export function withSaid(spec: Spec, place: Path, language: string, text: string): Spec {
  const now = at(spec, place);
  if (language === OWN || (typeof now === "string" && languagesOf(spec).length === 1 && languagesOf(spec)[0] === OWN)) return (text === "" ? drop(spec, place) : put(spec, place, text)) as Spec;
  const others = typeof now === "string" ? Object.fromEntries(languagesOf(spec).filter((tag) => tag !== language).map((tag) => [tag, now])) : isMapping(now) ? now : {};
  const next = { ...others, [language]: text };
  const kept = Object.fromEntries(Object.entries(next).filter(([, said]) => said !== ""));
  return (Object.keys(kept).length === 0 ? drop(spec, place) : put(spec, place, kept)) as Spec;
}

/** With another language: what was said once is from now on said in `first`, and copied to be written over. */
export function withLanguage(spec: Spec, places: readonly Path[], first: string, added: string): Spec {
  return places.reduce<Spec>((here, place) => {
    const now = at(here, place);
    if (typeof now === "string" && now !== "") return put(here, place, { [first]: now, [added]: now }) as Spec;
    if (!isByLanguage(now)) return here;
    const from = textIn(now[first]) || Object.values(now).map(textIn).find(Boolean) || "";
    return put(here, place, { ...now, [added]: textIn(now[added]) || from }) as Spec;
  }, spec);
}

export function withoutLanguage(spec: Spec, language: string): Spec {
  const walk = (value: Json): Json => {
    if (isByLanguage(value)) {
      const rest = Object.fromEntries(Object.entries(value).filter(([tag]) => tag !== language));
      return Object.keys(rest).length > 0 ? rest : Object.values(value)[0] ?? "";
    }
    if (Array.isArray(value)) return value.map(walk);
    return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === "when" ? inner : walk(inner)])) : value;
  };
  return walk(spec) as Spec;
}

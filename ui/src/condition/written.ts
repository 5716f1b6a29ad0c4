/** A condition as it is written: plain values, as YAML gives them. Nothing here knows what they mean. */

export type Json = null | boolean | number | string | Json[] | Mapping;
export interface Mapping { [key: string]: Json }
export type Step = string | number;
export type Path = readonly Step[];

export const isMapping = (value: Json | undefined): value is Mapping => typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a place; undefined where there is none. */
export function at(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((here, step) => {
    if (Array.isArray(here)) return typeof step === "number" ? here[step] : undefined;
    return isMapping(here) && Object.hasOwn(here, step) ? here[String(step)] : undefined;
  }, value);
}

/** The same with another value at a place; a key that was not there comes last. */
export function put(value: Json | undefined, path: Path, next: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (typeof step === "number") {
    const list = Array.isArray(value) ? [...value] : [];
    list[step] = put(list[step], rest, next);
    return list;
  }
  const mapping = isMapping(value) ? value : {};
  return { ...mapping, [step]: put(mapping[step], rest, next) };
}

/** The same without what is at a place. */
export function drop(value: Json, path: Path): Json {
  const step = path.at(-1);
  if (step === undefined) return value;
  const parent = at(value, path.slice(0, -1));
  if (Array.isArray(parent)) return put(value, path.slice(0, -1), parent.filter((_, index) => index !== step));
  if (!isMapping(parent)) return value;
  return put(value, path.slice(0, -1), Object.fromEntries(Object.entries(parent).filter(([key]) => key !== String(step))));
}

/** The same with another name for a key, in its place; unchanged where that name is taken. */
export function rename(value: Json, path: Path, key: string): Json {
  const parent = at(value, path.slice(0, -1));
  const old = String(path.at(-1));
  if (!isMapping(parent) || (key !== old && Object.hasOwn(parent, key))) return value;
  return put(value, path.slice(0, -1), Object.fromEntries(Object.entries(parent).map(([name, inner]) => [name === old ? key : name, inner])));
}

/** A list with one element elsewhere. */
export function moved(list: readonly Json[], from: number, to: number): Json[] {
  const next = list.filter((_, index) => index !== from);
  next.splice(to, 0, list[from] as Json);
  return next;
}

export const same = (one: Json | undefined, other: Json | undefined): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether a place lies at another one or below it. */
export const below = (path: Path, above: Path): boolean => above.every((step, index) => String(path[index]) === String(step));

/** A place as one text, to compare and to key by. */
export const placeOf = (path: Path): string => path.join(".");

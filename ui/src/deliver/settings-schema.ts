import { words } from "@/formats/words";

/** What one field of a form asks for, read from the JSON schema of an implementation's settings. */
export interface SettingField {
  name: string;
  label: string;
  description: string;
  kind: "text" | "number" | "switch" | "choice" | "secret";
  required: boolean;
  choices: string[];
  /** As it is where nothing is said. */
  usual: Value;
}

export type Value = string | number | boolean | null;
export type Values = Record<string, Value>;
type Part = Record<string, unknown>;

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null && !Array.isArray(value);
const isValue = (value: unknown): value is Value => value === null || ["string", "number", "boolean"].includes(typeof value);

/** The fields in the order of the schema, those that must be said first. */
export function fieldsOf(schema: Part, secrets: readonly string[]): SettingField[] {
  const properties = isPart(schema.properties) ? schema.properties : {};
  const needed = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(properties).flatMap(([name, part]) => (isPart(part) ? [fieldOf(name, part, needed.includes(name), secrets)] : []));
  return [...fields.filter((one) => one.required), ...fields.filter((one) => !one.required)];
}

function fieldOf(name: string, part: Part, required: boolean, secrets: readonly string[]): SettingField {
  const shape = shapeOf(part);
  const secret = name.endsWith("_secret");
  const choices = secret ? [...secrets] : Array.isArray(shape.enum) ? shape.enum.map(String) : [];
  const kind = secret ? "secret" : choices.length > 0 ? "choice" : kindOf(shape);
  return {
    name, required, kind, choices,
    label: words(name.replace(/_secret$/, "")),
    description: typeof part.description === "string" ? part.description : "",
    usual: isValue(part.default) ? part.default : null,
  };
}

/** Of "this or nothing" the this. */
function shapeOf(part: Part): Part {
  const all = Array.isArray(part.anyOf) ? part.anyOf.filter(isPart) : [];
  return all.find((one) => one.type !== "null") ?? part;
}

function kindOf(shape: Part): "text" | "number" | "switch" {
  if (shape.type === "boolean" || typeof shape.const === "boolean") return "switch";
  return shape.type === "integer" || shape.type === "number" ? "number" : "text";
}

/** What a form shows at first: what is written, else what is usual. */
export const shownOf = (fields: readonly SettingField[], written: Part): Values =>
  Object.fromEntries(fields.map((field) => {
    const value = written[field.name];
    return [field.name, isValue(value) && value !== null ? value : field.usual];
  }));

/** What is said beyond the usual, and whatever the form does not know. */
export function writtenOf(fields: readonly SettingField[], values: Values, before: Part): Part {
  const known = new Set(fields.map((field) => field.name));
  const kept = Object.entries(before).filter(([name]) => !known.has(name));
  const said = fields.flatMap((field) => {
    const value = values[field.name] ?? null;
    return value === null || value === "" || (value === field.usual && !field.required) ? [] : [[field.name, value] as const];
  });
  return Object.fromEntries([...kept, ...said]);
}

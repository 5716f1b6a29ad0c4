import type { Schemas } from "@/api/types";

/** What a condition can speak of in this workspace, for the pickers; it is asked of the server, never known here. */
type Asked = Schemas["ConditionVocabulary"];
type Seen = Schemas["SeenValue"];
export type Kind = Seen["kind"];

export interface Term { value: string; title?: string; note?: string }

/** From where the suggestions of a field come. */
export type Source =
  | { of: "event" | "trait" | "segment" | "prediction" | "persona" | "consent" | "list" | "table" }
  | { of: "property"; event: string }
  | { of: "value"; event: string; property: string }
  | { of: "trait-value"; trait: string }
  | { of: "column"; table: string }
  | { of: "horizon"; prediction: string };

export interface Vocabulary {
  terms: (source: Source) => readonly Term[];
  /** Of which kind the values were that came; undefined where none came yet. */
  kindOf: (source: Source) => Kind | undefined;
}

export const NOTHING_KNOWN: Vocabulary = { terms: () => [], kindOf: () => undefined };

const named = (rows: readonly { key: string; title: string }[]): Term[] => rows.map((row) => ({ value: row.key, title: row.title }));
const plain = (values: readonly string[]): Term[] => values.map((value) => ({ value }));
const seen = (values: readonly Seen[]): Term[] => values.map((one) => ({ value: one.name, note: one.kind === "number" && one.low !== null ? `number, ${one.low} to ${one.high}` : one.kind }));

/** The answer of the server as suggestions; `count` writes a number. */
export function vocabularyFrom(told: Asked, count: (value: number) => string): Vocabulary {
  const everyProperty = [...new Map(told.events.flatMap((event) => event.properties).map((one) => [one.name, one])).values()];
  const propertiesOf = (event: string) => told.events.find((one) => one.name === event)?.properties ?? everyProperty;
  const seenAt = (source: Source): Seen | undefined =>
    source.of === "value" ? propertiesOf(source.event).find((one) => one.name === source.property)
      : source.of === "trait-value" ? [...told.traits, ...told.account_traits].find((one) => one.name === source.trait)
        : undefined;
  const terms = (source: Source): readonly Term[] => {
    switch (source.of) {
      case "event": return told.events.map((one) => ({ value: one.name, note: `${count(one.count)} ×` }));
      case "trait": return seen([...told.traits, ...told.account_traits]);
      case "segment": return named(told.segments);
      case "prediction": return named(told.predictions);
      case "persona": return plain(told.personas);
      case "consent": return plain(told.consents);
      case "list": return told.lists.map((one) => ({ value: one.key, title: `${one.key}, ${count(one.rows)} values` }));
      case "table": return plain(told.tables.map((one) => one.key));
      case "property": return seen(propertiesOf(source.event));
      case "column": return plain(told.tables.find((one) => one.key === source.table)?.columns ?? []);
      case "horizon": return plain(told.predictions.find((one) => one.key === source.prediction)?.horizons ?? []);
      default: return plain(seenAt(source)?.examples ?? []);
    }
  };
  return { terms, kindOf: (source) => seenAt(source)?.kind };
}

import { words } from "@/formats/words";

/** What the reasons of the quarantine are called. A code without a word is shown readably. */
const REASONS: Record<string, string> = {
  PLAN_VIOLATION: "Breaches the tracking plan",
  TOO_LARGE: "Too large",
  BAD_UTF8: "Not valid UTF-8",
  BAD_JSON: "Not valid JSON",
  BAD_ROW: "The row does not fit the mapping",
  NOT_AN_OBJECT: "Not an event",
  UNKNOWN_TYPE: "Unknown type of call",
  EVENT_MISSING: "No event name",
  BAD_TIMESTAMP: "The time cannot be read",
  EARLY_TIMESTAMP: "Before the year 1900",
  FUTURE_TIMESTAMP: "Time lies in the future",
  NO_IDENTIFIER: "Nobody is named",
  CONSENT_MISSING: "No consent",
  NO_MATCH: "No mapping takes it",
  NO_NAME: "The mapping gives no event name",
  TOO_MANY: "Too many items in one body",
};

export const reasonTitle = (code: string): string => REASONS[code] ?? words(code.toLowerCase());

/** What a rule of a tracking plan asks for. */
const RULES: Record<string, string> = {
  required: "Missing", type: "Wrong type", enum: "Not an allowed value", minimum: "Too small", maximum: "Too large",
  pattern: "Does not match", format: "Wrong format", standard: "Cannot be read", unplanned: "Not in the plan",
};

export const ruleTitle = (rule: string): string => RULES[rule] ?? words(rule);

export const ACTIONS: Record<string, string> = { allow: "Let in and reported", quarantine: "Put aside", drop_field: "Field dropped" };

export const sourceTitle = (source: string): string => source || "no source";

const FORMATS: Record<string, string> = { api: "Events over the wire", webhook: "Webhook", csv: "CSV files", parquet: "Parquet files", xlsx: "Excel files", json: "JSON files", jsonl: "JSON lines" };
export const formatTitle = (format: string): string => FORMATS[format] ?? words(format);

const MONITORS: Record<string, string> = {
  freshness: "Freshness", volume: "Volume", late: "Late events", quarantined: "Quarantine", violations: "Tracking plan", present: "Property there", type: "Type of property",
};
export const monitorTitle = (name: string): string => MONITORS[name] ?? words(name);

const PARTS: Record<string, string> = {
  completeness: "Completeness: properties that are usually there, in their usual type", validity: "Validity: not put into quarantine",
  timeliness: "Timeliness: came within a day, and did not stop", consistency: "Consistency: as the tracking plan says",
};
export const partTitle = (name: string): string => PARTS[name] ?? words(name);

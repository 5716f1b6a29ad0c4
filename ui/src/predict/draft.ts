import type { Schemas } from "@/api/types";
import { isMapping, type Json, type Mapping } from "@/condition/written";

/** A prediction while it is written: what the fields hold, and the rest of the document as it was. */
export interface Draft {
  key?: string;
  revision: number;
  name: string;
  kind: "outcome" | "value";
  outcome: Json;
  event: string;
  property: string;
  horizons: string[];
  population: Json;
  exclude: Json;
  schedule: string;
  bands: Band[];
  rest: Mapping;
}

export interface Band { name: string; from: number }

export const NEW: Draft = {
  revision: 0, name: "", kind: "outcome", outcome: null, event: "", property: "", horizons: ["90d"], population: null, exclude: null, schedule: "1d",
  bands: [{ name: "watch", from: 0.4 }, { name: "high", from: 0.7 }], rest: {},
};

const OWN = new Set(["name", "outcome", "value", "horizon", "horizons", "population", "exclude", "schedule", "bands"]);
const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

export const without = (mapping: Mapping, name: string): Mapping => Object.fromEntries(Object.entries(mapping).filter(([key]) => key !== name));

export function draftFrom(document: Schemas["PredictionDocument"]): Draft {
  const spec = document.spec as Mapping;
  const value = isMapping(spec.value) ? spec.value : {};
  const horizons = Array.isArray(spec.horizons) ? spec.horizons.map(text) : [text(spec.horizon)];
  const bands = isMapping(spec.bands) ? Object.entries(spec.bands).map(([name, from]) => ({ name, from: Number(from) })) : [];
  return {
    key: document.key, revision: document.revision, name: text(spec.name), kind: spec.value === undefined ? "outcome" : "value", outcome: spec.outcome ?? null,
    event: text(value.did), property: text(value.sum), horizons, population: spec.population ?? null, exclude: spec.exclude ?? null, schedule: text(spec.schedule), bands,
    rest: Object.fromEntries(Object.entries(spec).filter(([name]) => !OWN.has(name) || (name === "value" && Object.keys(value).some((part) => part !== "did" && part !== "sum")))),
  };
}

/** The document's `spec`; whether it is right the server says. */
export function specOf(draft: Draft): Mapping {
  const spec: Mapping = { ...(draft.name.trim() ? { name: draft.name.trim() } : {}) };
  if (draft.kind === "outcome") {
    if (draft.outcome !== null) spec.outcome = draft.outcome;
  } else {
    const more = isMapping(draft.rest.value) ? draft.rest.value : {};
    spec.value = { ...more, did: draft.event, ...(draft.property ? { sum: draft.property } : {}) };
  }
  if (draft.horizons.length === 1 && draft.horizons[0]) spec.horizon = draft.horizons[0];
  if (draft.horizons.length > 1) spec.horizons = draft.horizons;
  if (draft.population !== null) spec.population = draft.population;
  if (draft.exclude !== null) spec.exclude = draft.exclude;
  if (draft.bands.length > 0 && draft.kind === "outcome") spec.bands = Object.fromEntries(draft.bands.map((band) => [band.name, band.from]));
  if (draft.schedule) spec.schedule = draft.schedule;
  return { ...spec, ...without(draft.rest, "value") };
}

/** What is still needed before the server can look. */
export function missingOf(draft: Draft): string | undefined {
  if (draft.kind === "outcome" && draft.outcome === null) return "Say what is to be foreseen first.";
  if (draft.kind === "value" && draft.event === "") return "Say what is counted first.";
  if (draft.horizons.length === 0) return "Say how far ahead first.";
  if (draft.kind === "outcome" && draft.population === null) return "Say about whom first.";
  return undefined;
}

export interface Offer { title: string; says: string; draft: Partial<Draft> }

/** Where most begin; every part can be changed. */
export const OFFERS: Record<string, Offer> = {
  leaving: {
    title: "Who stops buying?", says: "Customers of the last year who order nothing, over a month, a quarter and half a year.",
    draft: { name: "Stops buying", kind: "outcome", outcome: { did_not: "Order Completed" }, horizons: ["30d", "90d", "180d"], population: { did: "Order Completed", within: "365d" } },
  },
  value: {
    title: "What will they spend?", says: "The money each customer is expected to bring in the next 39 weeks.",
    draft: { name: "Value over 39 weeks", kind: "value", event: "Order Completed", property: "revenue", horizons: ["39w"], schedule: "7d" },
  },
  next: {
    title: "Who orders next?", says: "Customers who order again, over a week, a month and a quarter.",
    draft: { name: "Orders again", kind: "outcome", outcome: { did: "Order Completed" }, horizons: ["7d", "30d", "90d"], population: { did: "Order Completed", within: "365d" } },
  },
};

import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Estimate = Schemas["Estimate"];
export type CaseRow = Schemas["CaseRow"];
export type JourneyBody = Schemas["JourneyBody"];
export type Step = Schemas["Step"];
export type KpiCard = Schemas["KpiCard"];
export type MessageRow = Schemas["MessageRow"];
export type Person = Schemas["Person"];
export type PersonRow = Schemas["PersonRow"];
export type PersonPrediction = Schemas["PersonPrediction"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type Workspace = Schemas["WorkspaceBody"];

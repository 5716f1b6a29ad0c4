import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, type Asked } from "./client";
import type { Schemas } from "./types";

const id = encodeURIComponent;

function read<Name extends keyof Schemas>(path: string, asked: Asked = {}) {
  return queryOptions({
    queryKey: [path, asked] as const,
    queryFn: ({ signal }) => get<Schemas[Name]>(path, asked, signal),
    placeholderData: keepPreviousData,
  });
}

/** Of one thing: while the next one loads, the last one must not stand in its place. */
function one<Name extends keyof Schemas>(path: string, asked: Asked = {}) {
  return queryOptions({
    queryKey: [path, asked] as const,
    queryFn: ({ signal }) => get<Schemas[Name]>(path, asked, signal),
  });
}

const SOON = 5_000;

export const queries = {
  workspace: () => ({ ...read<"WorkspaceBody">("workspace"), refetchInterval: 30_000 }),
  channels: () => ({ ...read<"Channels">("channels"), refetchInterval: 30_000 }),
  deadLetters: (asked: Asked) => read<"DeadLetters">("dead-letters", asked),
  overview: () => read<"Overview">("overview"),
  health: () => read<"Readiness">("health"),
  people: (asked: Asked) => read<"People">("people", asked),
  person: (key: string) => one<"Person">(`people/${id(key)}`),
  personForeseen: (key: string) => one<"Foreseen">(`people/${id(key)}/foreseen`),
  personReasons: (key: string, prediction: string) => one<"ExactScores">(`people/${id(key)}/reasons`, { prediction }),
  personSendTime: (key: string) => one<"SendTime">(`people/${id(key)}/send-time`),
  visits: (key: string) => one<"PersonSessions">(`people/${id(key)}/sessions`),
  demographics: (asked: Asked) => read<"PeopleOverview">("demographics", asked),
  technology: (asked: Asked) => read<"PeopleOverview">("technology", asked),
  segments: () => read<"Segments">("segments"),
  segment: (key: string) => one<"SegmentBody">(`segments/${id(key)}`),
  members: (key: string, asked: Asked) => read<"People">(`segments/${id(key)}/members`, asked),
  vocabulary: () => read<"ConditionVocabulary">("conditions/vocabulary"),
  segmentTrends: (weeks: number) => read<"TrendRows">("segment-groups/trends", { weeks }),
  segmentTrend: (key: string, weeks: number) => one<"TrendRow">(`segments/${id(key)}/trend`, { weeks }),
  segmentOverlap: () => read<"OverlapTable">("segment-groups/overlap"),
  segmentsDue: () => read<"DueRows">("segment-groups/reviews"),
  segmentsUnused: () => read<"UnusedRows">("segment-groups/unused"),
  segmentUses: (key: string) => one<"Uses">(`segments/${id(key)}/uses`),
  segmentReviews: (key: string) => one<"Reviews">(`segments/${id(key)}/reviews`),
  segmentDrift: (key: string) => one<"DriftBody">(`segments/${id(key)}/drift`),
  personas: () => read<"Personas">("personas"),
  persona: (key: string) => one<"PersonaBody">(`personas/${id(key)}`),
  personaInterviews: () => read<"Interviews">("personas/interviews"),
  segmentKeeping: (key: string) => ({ ...one<"SegmentKeeping">(`segments/${id(key)}/keeping`), refetchInterval: 30_000 }),
  discoveryTargets: () => read<"Targets">("segment-groups/targets"),
  predictions: () => read<"Predictions">("predictions"),
  prediction: (key: string) => one<"PredictionBody">(`predictions/${id(key)}`),
  predictionDocument: (key: string) => one<"PredictionDocument">(`predictions/${id(key)}/document`),
  predictionWork: (key: string) => queryOptions({
    ...one<"WorkBody">(`predictions/${id(key)}/work`),
    // While something is done, how it goes is asked for again.
    refetchInterval: (query) => (["waiting", "running"].includes(query.state.data?.state ?? "") ? 1_500 : false),
  }),
  predictionPeople: (key: string, asked: Asked) => read<"ScoredPeople">(`predictions/${id(key)}/people`, asked),
  predictionSpread: (key: string, horizon: string) => one<"ScoreSpread">(`predictions/${id(key)}/spread`, { horizon }),
  predictionCategories: (key: string, horizon: string) => read<"CategoryRows">(`predictions/${id(key)}/categories`, { horizon }),
  predictionValues: (key: string, by: "cohort" | "segment") => read<"GroupValues">(`predictions/${id(key)}/values`, { by }),
  predictionRuns: (key: string) => one<"Runs">(`predictions/${id(key)}/runs`),
  predictionComparison: (key: string, a: number, b: number) => one<"DifferenceBody">(`predictions/${id(key)}/compare`, { a, b }),
  predictionChecks: (key: string) => one<"Checks">(`predictions/${id(key)}/checks`),
  predictionCard: (key: string) => one<"ModelCardBody">(`predictions/${id(key)}/card`),
  predictionPartial: (key: string, horizon: string) => read<"Dependence">(`predictions/${id(key)}/partial`, { horizon }),
  predictionStability: (key: string, horizon: string) => read<"Stability">(`predictions/${id(key)}/stability`, { horizon }),
  predictionQuadrant: (key: string) => one<"QuadrantBody">(`predictions/${id(key)}/quadrant`),
  journeys: () => read<"Journeys">("journeys"),
  journey: (key: string) => ({ ...one<"JourneyBody">(`journeys/${id(key)}`), refetchInterval: 15_000 }),
  journeyDocument: (key: string) => one<"JourneyDocument">(`journeys/${id(key)}/document`),
  journeyDrafts: () => read<"JourneyDrafts">("journey-drafts"),
  journeyDraft: (key: string) => one<"JourneyDraftBody">(`journey-drafts/${id(key)}`),
  readyJourneys: () => read<"ReadyJourneys">("ready-journeys"),
  journeyBacktest: (key: string) => queryOptions({
    ...one<"BacktestBody">(`journeys/${id(key)}/backtest`),
    refetchInterval: (query) => (["waiting", "running"].includes(query.state.data?.work.state ?? "") ? SOON : false),
  }),
  journeyRevisions: (key: string) => one<"Revisions">(`journeys/${id(key)}/revisions`),
  journeyPath: (key: string, person: string) => one<"Paths">(`journeys/${id(key)}/people/${id(person)}`),
  messages: (asked: Asked) => read<"Messages">("messages", asked),
  message: (key: string) => one<"MessageBody">(`messages/${id(key)}`),
  inbox: (asked: Asked) => read<"Inbox">("inbox", asked),
  inboxMessage: (key: string) => one<"InboxMessage">(`inbox/${id(key)}`),
  cases: (asked: Asked) => read<"Cases">("cases", asked),
  case: (key: string) => one<"CaseBody">(`cases/${id(key)}`),
  caseChoices: () => one<"CaseChoices">("cases/choices"),
  helpDesk: () => one<"Desk">("cases/desk"),
  kpis: () => read<"Kpis">("kpis"),
  kpi: (key: string, asked: Asked) => one<"KpiBody">(`kpis/${id(key)}`, asked),
  sources: () => read<"Sources">("sources"),
  dataHealth: () => read<"DataHealth">("data-health"),
  sourceHealth: (key: string) => one<"SourceHealthBody">(`data-health/${id(key)}`),
  writeKeys: (key: string) => one<"WriteKeys">(`sources/${id(key)}/keys`),
  snippet: (key: string, kind: string) => one<"Snippet">(`sources/${id(key)}/snippet`, { kind }),
  plans: (asked: Asked) => read<"Plans">("tracking", asked),
  violations: (asked: Asked) => read<"Violations">("tracking/violations", asked),
  draft: (asked: Asked) => one<"Draft">("tracking/draft", asked),
  quarantine: (asked: Asked) => read<"Quarantine">("quarantine", asked),
  belongings: (key: string) => one<"Belongings">("tables/of", { id: key }),
  exports: () => read<"Exports">("exports"),
  templates: () => read<"Templates">("templates"),
  template: (key: string) => one<"TemplateBody">(`templates/${id(key)}`),
  issues: (asked: Asked) => read<"Issues">("issues", asked),
  issueKinds: () => read<"IssueKinds">("issues/kinds"),
  audiences: () => read<"Audiences">("audiences"),
  audience: (key: string) => one<"Audience">(`audiences/${id(key)}`),
  audienceMembers: (key: string, asked: Asked) => read<"AudienceMembers">(`audiences/${id(key)}/members`, asked),
  ownTables: () => read<"OwnTables">("tables"),
  ownTableRows: (key: string, asked: Asked) => one<"TableRows">(`tables/${id(key)}/rows`, asked),
  // A copy that was taken and an erasure that is done close requests beside the app.
  requests: (asked: Asked) => ({ ...read<"Requests">("privacy/requests", asked), refetchInterval: SOON }),
  request: (key: string) => ({ ...one<"RequestBody">(`privacy/requests/${id(key)}`), refetchInterval: SOON }),
  erasures: () => ({ ...read<"Erasures">("privacy/erasures"), refetchInterval: SOON }),
  suppressions: () => read<"Suppressions">("privacy/suppressions"),
  record: () => one<"Record">("privacy/record"),
  purposes: () => read<"PurposeRows">("consents/purposes"),
  personConsents: (key: string) => one<"PersonConsents">(`consents/people/${id(key)}`),
  review: (asked: Asked) => read<"Review">("identity/review", asked),
  matching: () => read<"Matching">("identity/matching"),
  identityRules: () => read<"IdentityRulesBody">("identity/rules"),
  blockedValues: () => read<"BlockedValues">("identity/blocked"),
  rulesPreview: () => one<"RulesPreview">("identity/preview"),
  merges: (asked: Asked) => read<"Ledger">("identity/ledger", asked),
  deniedJoins: (asked: Asked) => read<"DeniedJoins">("identity/denied", asked),
  biggestProfiles: () => read<"Biggest">("identity/biggest"),
  splitPlan: (key: string, merge: number) => one<"SplitBody">("identity/split", { id: key, merge_id: merge }),
  whyOne: (key: string) => one<"WhyOne">("identity/explain", { id: key }),
  timeline: (key: string, kind: string | undefined) =>
    infiniteQueryOptions({
      queryKey: ["timeline", key, kind] as const,
      queryFn: ({ pageParam, signal }) =>
        get<Schemas["Timeline"]>(`people/${id(key)}/timeline`, { before: pageParam, kind }, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.before ?? undefined,
    }),
};

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Shapes } from "@/components/states";
import { AppFailed, NotFound } from "./fallbacks";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const at = <const Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const routes = [
  at("/", lazyRouteComponent(() => import("@/overview/overview"), "OverviewPage")),
  at("/people", lazyRouteComponent(() => import("@/profile/people"), "PeoplePage")),
  at("/people/$id", lazyRouteComponent(() => import("@/profile/person"), "PersonPage")),
  at("/who", lazyRouteComponent(() => import("@/profile/who"), "WhoPage")),
  at("/identity", lazyRouteComponent(() => import("@/identify/identity"), "IdentityPage")),
  at("/segments", lazyRouteComponent(() => import("@/segment/segments"), "SegmentsPage")),
  at("/segments/new", lazyRouteComponent(() => import("@/segment/editor"), "NewSegmentPage")),
  at("/segments/$key/edit", lazyRouteComponent(() => import("@/segment/editor"), "EditSegmentPage")),
  at("/segments/$key", lazyRouteComponent(() => import("@/segment/segment"), "SegmentPage")),
  at("/personas", lazyRouteComponent(() => import("@/segment/personas"), "PersonasPage")),
  at("/personas/$key", lazyRouteComponent(() => import("@/segment/persona"), "PersonaPage")),
  at("/discover", lazyRouteComponent(() => import("@/segment/discover"), "DiscoverPage")),
  at("/predictions", lazyRouteComponent(() => import("@/predict/predictions"), "PredictionsPage")),
  at("/predictions/new", lazyRouteComponent(() => import("@/predict/new"), "NewPredictionPage")),
  at("/predictions/$key/edit", lazyRouteComponent(() => import("@/predict/new"), "EditPredictionPage")),
  at("/predictions/$key", lazyRouteComponent(() => import("@/predict/prediction"), "PredictionPage")),
  at("/journeys", lazyRouteComponent(() => import("@/journey/journeys"), "JourneysPage")),
  at("/journeys/new", lazyRouteComponent(() => import("@/journey/ready"), "NewJourneyPage")),
  at("/journeys/$key/draft", lazyRouteComponent(() => import("@/journey/draft"), "JourneyDraftPage")),
  at("/journeys/$key", lazyRouteComponent(() => import("@/journey/journey"), "JourneyPage")),
  at("/messages", lazyRouteComponent(() => import("@/deliver/ledger"), "LedgerPage")),
  at("/messages/$id", lazyRouteComponent(() => import("@/deliver/ledger"), "LedgerPage")),
  at("/audiences", lazyRouteComponent(() => import("@/deliver/audiences"), "AudiencesPage")),
  at("/audiences/new", lazyRouteComponent(() => import("@/deliver/audience-form"), "NewAudiencePage")),
  at("/audiences/$key/edit", lazyRouteComponent(() => import("@/deliver/audience-form"), "EditAudiencePage")),
  at("/audiences/$key", lazyRouteComponent(() => import("@/deliver/audience"), "AudiencePage")),
  at("/channels", lazyRouteComponent(() => import("@/deliver/channels"), "ChannelsPage")),
  at("/inbox", lazyRouteComponent(() => import("@/deliver/inbox"), "InboxPage")),
  at("/inbox/$id", lazyRouteComponent(() => import("@/deliver/inbox"), "InboxPage")),
  at("/templates", lazyRouteComponent(() => import("@/deliver/templates"), "TemplatesPage")),
  at("/templates/new", lazyRouteComponent(() => import("@/deliver/template"), "NewTemplatePage")),
  at("/templates/$key", lazyRouteComponent(() => import("@/deliver/template"), "TemplatePage")),
  at("/cases", lazyRouteComponent(() => import("@/care/cases"), "CasesPage")),
  at("/cases/$id", lazyRouteComponent(() => import("@/care/cases"), "CasesPage")),
  at("/improvements", lazyRouteComponent(() => import("@/care/improvements"), "ImprovementsPage")),
  at("/case-rules", lazyRouteComponent(() => import("@/care/case-rules"), "CaseRulesPage")),
  at("/issues", lazyRouteComponent(() => import("@/care/issues"), "IssuesPage")),
  at("/feedback", lazyRouteComponent(() => import("@/listen/feedback"), "FeedbackPage")),
  at("/surveys", lazyRouteComponent(() => import("@/listen/surveys"), "SurveysPage")),
  at("/surveys/new", lazyRouteComponent(() => import("@/listen/new-survey"), "NewSurveyPage")),
  at("/surveys/$key", lazyRouteComponent(() => import("@/listen/survey"), "SurveyPage")),
  at("/maps", lazyRouteComponent(() => import("@/measure/maps"), "MapsPage")),
  at("/maps/$key", lazyRouteComponent(() => import("@/measure/map"), "MapPage")),
  at("/kpis", lazyRouteComponent(() => import("@/measure/kpis"), "KpisPage")),
  at("/kpis/$key", lazyRouteComponent(() => import("@/measure/kpi"), "KpiPage")),
  at("/sources", lazyRouteComponent(() => import("@/collect/sources"), "SourcesPage")),
  at("/sources/$key", lazyRouteComponent(() => import("@/collect/source"), "SourcePage")),
  at("/tracking", lazyRouteComponent(() => import("@/collect/tracking"), "TrackingPage")),
  at("/quarantine", lazyRouteComponent(() => import("@/collect/quarantine"), "QuarantinePage")),
  at("/tables", lazyRouteComponent(() => import("@/collect/own-tables"), "OwnTablesPage")),
  at("/exports", lazyRouteComponent(() => import("@/deliver/exports"), "ExportsPage")),
  at("/privacy", lazyRouteComponent(() => import("@/privacy/privacy"), "PrivacyPage")),
  at("/consents", lazyRouteComponent(() => import("@/privacy/consents"), "ConsentsPage")),
  at("/settings", lazyRouteComponent(() => import("@/app/health"), "HealthPage")),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...routes]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <div className="ft-page"><Shapes rows={8} height={20} what="Loading this page" /></div>,
  defaultErrorComponent: AppFailed,
  // Filters are plain words in the address: ?q=anna&page=2.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const entries = Object.entries(search as Record<string, unknown>).filter(([, value]) => value !== undefined && value !== "");
    const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
    return text ? `?${text}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

import {
  IconChartDots, IconChecklist, IconDatabase, IconHeartbeat, IconLayoutDashboard, IconMap2, IconMessageCircle, IconRoute, IconSend, IconShieldLock, IconTargetArrow, IconTrendingUp, IconUsers, type Icon,
} from "@tabler/icons-react";
import type { Workspace } from "@/api/types";

type Place =
  | "/" | "/people" | "/who" | "/identity" | "/segments" | "/personas" | "/discover" | "/predictions" | "/journeys" | "/messages" | "/templates" | "/audiences" | "/channels" | "/inbox" | "/cases" | "/issues" | "/improvements" | "/case-rules" | "/feedback" | "/surveys" | "/maps" | "/kpis" | "/sources" | "/tracking"
  | "/quarantine" | "/tables" | "/exports" | "/consents" | "/privacy" | "/settings";

export interface Section {
  to: Place;
  title: string;
  icon: Icon;
  /** After `g`. */
  letter: string;
  count?: keyof Workspace["counts"];
  pages?: { to: Place; title: string }[];
}

export const GROUPS: { title?: string; sections: Section[] }[] = [
  { sections: [{ to: "/", title: "Overview", icon: IconLayoutDashboard, letter: "o" }] },
  {
    title: "Know",
    sections: [
      {
        to: "/people", title: "People", icon: IconUsers, letter: "p", count: "people",
        pages: [{ to: "/people", title: "People" }, { to: "/who", title: "Who they are" }, { to: "/identity", title: "Identity" }],
      },
      {
        to: "/segments", title: "Segments", icon: IconChartDots, letter: "s", count: "segments",
        pages: [{ to: "/segments", title: "Segments" }, { to: "/personas", title: "Personas" }, { to: "/discover", title: "Discover" }],
      },
      { to: "/predictions", title: "Predictions", icon: IconTrendingUp, letter: "r", count: "predictions" },
    ],
  },
  {
    title: "Act",
    sections: [
      { to: "/journeys", title: "Journeys", icon: IconRoute, letter: "j", count: "journeys" },
      {
        to: "/messages", title: "Messages", icon: IconSend, letter: "m", count: "messages",
        pages: [{ to: "/messages", title: "Ledger" }, { to: "/templates", title: "Templates" }, { to: "/audiences", title: "Audiences" }, { to: "/channels", title: "Channels" }, { to: "/inbox", title: "Inbox" }],
      },
      {
        to: "/cases", title: "Tasks", icon: IconChecklist, letter: "t", count: "cases_open",
        pages: [{ to: "/cases", title: "Tasks" }, { to: "/issues", title: "Issues" }, { to: "/improvements", title: "Improvements" }, { to: "/case-rules", title: "Case rules" }],
      },
    ],
  },
  {
    title: "Listen",
    sections: [
      { to: "/feedback", title: "Feedback", icon: IconMessageCircle, letter: "f", pages: [{ to: "/feedback", title: "Scores" }, { to: "/surveys", title: "Surveys" }] },
    ],
  },
  { title: "Measure", sections: [{ to: "/maps", title: "Maps", icon: IconMap2, letter: "a" }, { to: "/kpis", title: "KPIs", icon: IconTargetArrow, letter: "k" }] },
  {
    title: "Set up",
    sections: [
      {
        to: "/sources", title: "Data", icon: IconDatabase, letter: "d",
        pages: [{ to: "/sources", title: "Sources" }, { to: "/tracking", title: "Tracking plan" }, { to: "/quarantine", title: "Quarantine" }, { to: "/tables", title: "Own tables" }, { to: "/exports", title: "Exports" }],
      },
      { to: "/privacy", title: "Privacy", icon: IconShieldLock, letter: "v", pages: [{ to: "/privacy", title: "Privacy" }, { to: "/consents", title: "Consent" }] },
      { to: "/settings", title: "Health", icon: IconHeartbeat, letter: "h" },
    ],
  },
];

export const SECTIONS = GROUPS.flatMap((group) => group.sections);

export const isIn = (section: Section, path: string): boolean =>
  section.to === "/" ? path === "/" : [section.to, ...(section.pages ?? []).map((page) => page.to)].some((to) => path === to || path.startsWith(`${to}/`));

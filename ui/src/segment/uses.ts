import type { Schemas } from "@/api/types";
import { words } from "@/formats/words";

type Use = Schemas["UseRow"];

const PLACES: Record<string, string> = { journey: "/journeys/", prediction: "/predictions/", kpi: "/kpis/", segment: "/segments/" };

/** Where the page of a document that uses a segment is; undefined where there is none. */
export const placeOfUse = (use: Use): string | undefined => (PLACES[use.kind] ? `${PLACES[use.kind]}${encodeURIComponent(use.key)}` : undefined);

export const kindOfUse = (use: Use): string => words(use.kind);

/** In what a segment is used, in a cell. */
export function usedIn(rows: readonly Use[] | undefined): string {
  if (!rows) return "";
  const [first, ...rest] = rows;
  return first ? `${first.title}${rest.length ? ` and ${rest.length} more` : ""}` : "nothing";
}

import { vi } from "vitest";

export const WORKSPACE = {
  name: "Northpeak", currency: "EUR", zone: "Europe/Berlin", locale: "en-GB", now: "2026-05-14T07:20:00Z", demo: false, problems: 0,
  counts: { people: 128412, anonymous: 4, segments: 2, predictions: 1, journeys: 1, messages: 3, cases_open: 1 },
};

/** Lets `fetch` answer from a table of paths, without its query; a path without an answer is 404. A function makes the whole answer. */
export function answering(answers: Record<string, unknown>) {
  const asked: { path: string; body: unknown }[] = [];
  const all: Record<string, unknown> = { "/api/workspace": WORKSPACE, "/api/segments": { rows: [] }, "/api/kpis": { rows: [] }, "/api/journeys": { rows: [] }, "/api/predictions": { rows: [] }, ...answers };
  vi.stubGlobal("fetch", (input: string, options?: RequestInit) => {
    const path = new URL(input, "http://app.example").pathname;
    asked.push({ path: input, body: typeof options?.body === "string" ? JSON.parse(options.body) : undefined });
    const found = all[path];
    if (typeof found === "function") return Promise.resolve((found as () => Response)());
    const body = found ?? { error: { code: "UNKNOWN", what: "there is no such thing", next_step: "Look at the list." } };
    return Promise.resolve(new Response(JSON.stringify(body), { status: found === undefined ? 404 : 200 }));
  });
  return asked;
}

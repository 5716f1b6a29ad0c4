import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { languageTitle, regionTitle } from "./places";

const part = (name: string, title: string, value: string) => ({ part: name, title, people: 40, everybody: 1000, rows: [{ value, people: 30, share: 0.75, everybody: 250, everybody_share: 0.25 }, { value: "other", people: 10, share: 0.25, everybody: 750, everybody_share: 0.75 }] });
const body = (parts: unknown[], segment: unknown = null) => ({ segment, people: 40, everybody: 1000, parts });

it("holds a segment against everybody, with shares and counts", async () => {
  answering({
    "/api/segments": { rows: [{ key: "at_risk", title: "At risk" }] },
    "/api/demographics": body([part("country", "Country", "DE")], { key: "at_risk", title: "At risk" }), "/api/technology": body([part("browser", "Browser", "Firefox")], { key: "at_risk", title: "At risk" }),
  });
  const { container } = open("/who?segment=at_risk");
  const card = (await screen.findByRole("heading", { name: "Country" })).closest("section") as HTMLElement;
  expect(within(card).getByText("Germany").parentElement?.textContent).toBe("Germany75\u00a0% 30");
  expect(within(card).getAllByText("everybody")[0]?.closest(".ft-barrow")?.textContent).toBe("everybody25.0\u00a0% 250");
  expect(await screen.findByText("Firefox")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("says what is missing where nothing is known", async () => {
  answering({ "/api/demographics": { ...body([]), people: 0, everybody: 0 }, "/api/technology": { ...body([]), people: 0, everybody: 0 } });
  open("/who");
  expect(await screen.findAllByRole("heading", { name: "Nothing known yet" })).toHaveLength(2);
});

it("writes codes of places and languages in words, and leaves what is no code", () => {
  expect([regionTitle("de", "en-GB"), regionTitle("Germany", "en-GB"), regionTitle("other", "en-GB"), languageTitle("fr", "en-GB")]).toEqual(["Germany", "Germany", "Other", "French"]);
});

const visit = (number: number) => ({
  session_id: `s${number}`, started_at: "2026-05-13T17:20:00Z", ended_at: "2026-05-13T17:25:00Z", duration_seconds: number ? 300 : 5, pages: 3, events: 4, landing_page: "/shoes", exit_page: null, referrer_domain: "search.example", utm_source: null, utm_medium: null,
  utm_campaign: null, device_type: "desktop", device_name: null, browser: "Firefox", browser_version: "140", os: "Linux", os_version: null, app: null, language: "en", country: null, city: null, search_terms: null, orders: number === 1 ? 1 : 0, revenue: 49.9, bounced: false,
});
const PERSON = {
  profile_id: "p1", name: "Anna Lind", email: null, known: true, facts: { first_seen: null, last_seen: null, orders: 0, revenue: 0, last_order: null, events: 4 }, identifiers: [], consents: [], traits: [], segments: [], predictions: [], cases: [], journeys: [], messages: [], subscriptions: [],
};

it("shows the last visits of a person and with what they come", async () => {
  answering({ "/api/people/p1": PERSON, "/api/people/p1/sessions": { rows: [0, 1, 2, 3, 4, 5].map(visit) }, "/api/people/p1/timeline": { rows: [], before: null } });
  open("/people/p1");
  expect(await screen.findByText("Comes with Firefox on Linux.")).toBeTruthy();
  expect(screen.getByText(/3 pages · under 1 min/)).toBeTruthy();
  expect(screen.getByText(/3 pages · 5 min · 1 order of €49.90/)).toBeTruthy();
  expect(screen.getAllByText(/landed on \/shoes · from search.example/)).toHaveLength(4);
  await userEvent.click(screen.getByRole("button", { name: "Show more visits" }));
  expect(screen.getAllByText(/landed on \/shoes/)).toHaveLength(6);
});

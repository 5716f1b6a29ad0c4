import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { dayInWords, differs } from "./persona-words";

const DIFFERENCES = [
  { behaviour: "visits", title: "visits", form: "count", money: false, effect: 1.3, median: 22, others: 9 },
  { behaviour: "order_value", title: "spent per order", form: "average", money: true, effect: 0.6, median: 84.2, others: 41.5 },
  { behaviour: "opens", title: "mails opened", form: "share", money: false, effect: -0.4, median: 0.27, others: 0.56 },
] as const;
const ROW = {
  key: "curious_frequent", title: "Curious, frequent customers", named_by: null, people: 1057, share: 0.529, stability: 0.949, differences: DIFFERENCES,
  rule_says: "People who did Session Ended in the last 1 year at least 14 times.", precision: 0.9, recall: 0.85, born: 1, last_build: 2, vanished: null,
};
const BUILD = {
  build: 2, state: "built", says: "3 personas among 1,998 people.", as_of: "2026-05-14T00:00:00Z", built_at: "2026-05-14T00:00:00Z", by: "ann", people: 2061, with_history: 1998,
  needed: 1000, history: "90d", window: "1y", left_out: { objected: 3 }, fidelity: 0.859, leaves: 3, appeared: [], vanished: [],
  behaviours: [
    { key: "visits", title: "visits", left_out: null, kept_up: 0.62 },
    { key: "tickets", title: "tickets per order", left_out: "is no habit", kept_up: -0.02 },
    { key: "clicks", title: "mails clicked", left_out: "was never seen", kept_up: null },
  ],
  candidates: [{ kinds: 3, silhouette: 0.238, worst_jaccard: 0.916, smallest_share: 0.154, stable: true, chosen: true }, { kinds: 4, silhouette: 0.19, worst_jaccard: 0.61, smallest_share: 0.14, stable: false, chosen: false }],
};
const LIST = { rows: [ROW], vanished: [], last: BUILD, needed: 1000, history: "90d", with_history: 1998 };
const INTERVIEW = {
  interview_id: "int_1", profile_id: "p_1", person: "Hannah Lindner", persona: ROW.key, persona_title: ROW.title, cause: "churned", state: "picked", by: "ann",
  guide: [{ about: "12 times; silent since April", question: "What was going on around April 2026?" }, { about: "no trigger is known", question: "What had happened just before?" }],
  picked_at: "2026-05-14T00:00:00Z", changed_at: "2026-05-14T00:00:00Z",
};
const BODY = {
  ...ROW, rule: { did: "Session Ended", times: { gte: 14 }, within: "1y" }, rule_people: 937, now_people: 1050, build: BUILD, as_of: "2026-05-14T00:00:00Z",
  portrait: {
    day: { of: "visits", n: 100, hours: [...Array<number>(18).fill(1), 20, 30, 20, 10, 1, 1], weekdays: [10, 30, 10, 10, 10, 15, 15] },
    channels: [], visits_from: [], devices: [{ value: "phone", n: 70, share: 0.7, everyone: 0.6, condition: null }], messages: [], categories: [],
    products: [{ value: "Day Pack", n: 171, share: 0.16, everyone: 0.12, condition: null }], pains: [{ value: "got a parcel late", n: 566, share: 0.54, everyone: 0.45, condition: { did: "Order Delivered" } }],
  },
  findings: { motivation: [{ text: "It saves me a trip", source: "note", people: 1, at: "2026-05-13T00:00:00Z", event: null, by: "ann", note_id: "note_1" }], trigger: [], habit: [] },
  quotes: [{ text: "Fast & well packed <3", source: "answer", people: 12, at: "2026-05-12T00:00:00Z", event: "Survey Answered", by: null, note_id: null }],
  notes: [], interviews: [INTERVIEW], history: [{ as_of: "2026-02-14T00:00:00Z", people: 900, share: 0.5 }, { as_of: "2026-05-14T00:00:00Z", people: 1057, share: 0.529 }],
};
const INTERVIEWS = { rows: [INTERVIEW], purpose: "email.marketing" };
const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "UTC", now: "2026-05-14T07:20:00Z" });

it("shows the personas, how they were found, and whom to ask", async () => {
  answering({ "/api/personas": LIST, "/api/personas/interviews": INTERVIEWS });
  const { container } = open("/personas");
  expect((await screen.findByRole("link", { name: ROW.title })).getAttribute("href")).toBe("/personas/curious_frequent");
  expect(screen.getByText("visits 22, all others 9")).toBeTruthy();
  expect(screen.getByText("94.9 % found again")).toBeTruthy();
  expect(screen.getByText(/tickets per order \(is no habit\)/)).toBeTruthy();
  expect(screen.queryByText(/mails clicked \(was never seen\)/)).toBeNull();
  const tried = screen.getByRole("table", { name: "Numbers of personas that were tried" });
  expect(within(tried).getByText("taken")).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: /questions *for Hannah Lindner/ }));
  expect(screen.getByText(/What was going on around April 2026/)).toBeTruthy();
  expect((await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } })).violations).toEqual([]);
});

it("says plainly what is missing where there are none, and looks when it is asked to", async () => {
  const none = { rows: [], vanished: [], last: null, needed: 1000, history: "90d", with_history: null };
  const says = "Too few data: 212 of the 1,000 people that are needed are known for 90d or longer.";
  const asked = answering({ "/api/personas": none, "/api/personas/interviews": { rows: [], purpose: "email.marketing" }, "/api/personas/build": { ...BUILD, state: "too_few", says } });
  open("/personas");
  expect(await screen.findByText(/Personas need 1,000 people who are known for 90 days or longer/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Find personas" }));
  expect(await screen.findByText(says)).toBeTruthy();
  expect(asked.find((one) => one.body)?.path).toMatch(/personas\/build$/);
});

it("tells one persona with its sources, and shows what is empty as empty", async () => {
  const asked = answering({ "/api/personas/curious_frequent": BODY, "/api/personas/curious_frequent/notes": { note_id: "note_2" }, "/api/personas/interviews/int_1": { ...INTERVIEW, state: "invited" } });
  const { container } = open("/personas/curious_frequent");
  expect(await screen.findByRole("heading", { name: ROW.title })).toBeTruthy();
  expect(screen.getAllByText("Most of their visits are in the evening; Tue is the busiest day.").length).toBeGreaterThan(0);
  expect(screen.getByText("It saves me a trip")).toBeTruthy();
  expect(screen.getByText(/note by ann/)).toBeTruthy();
  expect(screen.getByText("Fast & well packed <3")).toBeTruthy();
  expect(screen.getByText("Nothing is known yet. Ask what happened just before.")).toBeTruthy();
  expect(screen.getByText("Nothing was delivered.")).toBeTruthy();
  expect(screen.getByText("got a parcel late")).toBeTruthy();
  expect((await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } })).violations).toEqual([]);
  await userEvent.type(screen.getByRole("textbox", { name: "Add a note" }), "Orders on the train");
  await userEvent.click(screen.getByRole("button", { name: "Add the note" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ text: "Orders on the train", kind: "note", profile_id: null }));
});

it("writes numbers as people say them, and the day in words", () => {
  expect(DIFFERENCES.map((one) => differs(one, formats).replaceAll("\u00a0", " "))).toEqual(["visits 22, all others 9", "spent per order €84.20, all others €41.50", "mails opened 27.0 %, all others 56.0 %"]);
  expect(dayInWords({ of: "orders", n: 3, hours: [1, 0, 0, 1, 0, ...Array<number>(18).fill(0), 1], weekdays: [0, 0, 0, 0, 0, 0, 3] })).toBe("Most of their orders are at night; Sun is the busiest day.");
});

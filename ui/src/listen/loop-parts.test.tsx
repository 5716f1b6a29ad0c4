import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const none = { value: null, low: null, high: null, n: 0 };
const between = (value: number, low: number, high: number, n = 300) => ({ value, low, high, n });
const TIMES = { group: "", cases: 12, open: 3, contact_hours: between(5.4, 3.1, 9), close_hours: between(70, 50, 100), recontact: between(0.2, 0.1, 0.4, 10), score_change: between(1.5, 0.2, 2.8, 9) };
export const LOOP = {
  as_of: "2026-05-14T07:20:00Z", since: "2025-05-14T07:20:00Z",
  promptness: { answers: 38, waiting: 7, waiting_without_case: 2, within_24h: between(0.41, 0.3, 0.53), within_48h: between(0.6, 0.5, 0.7) },
  whole: TIMES, groups: [{ ...TIMES, group: "anna" }],
  effect: { verdict: "Not yet", why: "11 people are known for 104 days; each group needs 40.", label: "Observational: nobody drew by lot.", difference: none, closed_left: null, others_left: null, closed: 11, others: 4, closed_effective: 0, others_effective: 0, left_out: 0, balance: [], within_days: 14, horizon_days: 90 },
};
const CAUSE = { root_cause: "delivery", cases: 9, open: 2, share: 0.6, close_hours: between(30, 20, 44), value_at_risk: 410, months: [], improvements: [] };
const MADE = {
  improvement_id: "b1", title: "Another carrier", owner: "ben", measure: "", touchpoint: null, root_causes: ["delivery"], state: "done", started_at: "2026-04-01T00:00:00Z", dropped_at: null,
  created_at: "2026-04-01T00:00:00Z", created_by: "ann", changed_at: "2026-04-01T00:00:00Z", changed_by: "ann", version: 1,
  numbers: { verdict: "", why: "", label: "Before and after, not an experiment.", days: 43, per: "orders", cases_before: 20, cases_after: 5, rate_before: between(20, 14, 29), rate_after: between(5, 2.5, 10), ratio: between(0.25, 0.1, 0.6), measure: "nps", score_before: none, score_after: none, score_change: none },
};

it("shows above the cases who waits for a word, and how long it takes", async () => {
  answering({ "/api/cases": { total: 0, page: 1, rows: [], states: {} }, "/api/cases/choices": { teams: [], owners: [], rules: [], surveys: ["nps"], desk: null }, "/api/feedback/loop": LOOP });
  open("/cases");
  expect((await screen.findByText("Wait for a word")).nextElementSibling?.textContent).toBe("7");
  expect(screen.getByText("2 of them without a case")).toBeTruthy();
  expect(screen.getByText("5.4 h")).toBeTruthy();
  expect(screen.getByText("2.1 days to 4.2 days")).toBeTruthy();
  expect(screen.getAllByLabelText("Survey").length).toBeGreaterThan(0);
});

it("puts cases before and after an improvement side by side, and says that it is no experiment", async () => {
  answering({ "/api/feedback/loop/causes": { since: LOOP.since, rows: [CAUSE], unnamed: 1 }, "/api/feedback/loop/improvements": { rows: [MADE] } });
  open("/improvements");
  const row = (await screen.findByRole("button", { name: "Another carrier" })).closest("tr") as HTMLElement;
  expect(within(row).getByText("In place")).toBeTruthy();
  expect(within(row).getByText(/real change/)).toBeTruthy();
  expect(screen.getByText(/not an experiment/)).toBeTruthy();
  expect(screen.getByText("1 closed case has no root cause.")).toBeTruthy();
});

it("writes down an improvement of a root cause", async () => {
  const asked = answering({ "/api/feedback/loop/causes": { since: LOOP.since, rows: [CAUSE], unnamed: 0 }, "/api/feedback/loop/improvements": { rows: [] } });
  open("/improvements");
  expect(await screen.findByText("Nothing is written down yet")).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: "Improve it" }));
  await userEvent.type(await screen.findByRole("textbox", { name: /What gets better/ }), "Another carrier");
  await userEvent.click(screen.getByRole("button", { name: "Write it down" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ title: "Another carrier", measure: "", root_causes: ["delivery"] }));
});

it("begins with a rule that opens cases by itself", async () => {
  const ready = [{ key: "low_csat", title: "Make up for a bad rating", description: "A rating of 1 or 2.", opens: [], needs: [] }, { key: "churn_complaint", title: "Keep them", description: "", opens: [], needs: ["prediction churn"] }];
  const asked = answering({ "/api/case-rules": { rows: [], ready }, "/api/cases/choices": { teams: [{ key: "service", title: "Service", members: [] }], owners: [], rules: [], surveys: [], desk: null }, "/api/case-rules/ready/low_csat": { key: "low_csat", revision: 1, file: "", problems: [] } });
  open("/case-rules");
  expect(await screen.findByText("No case opens by itself yet")).toBeTruthy();
  const buttons = screen.getAllByRole<HTMLButtonElement>("button", { name: "Open such cases" });
  expect(buttons[1]?.disabled).toBe(true);
  await userEvent.click(buttons[0] as HTMLElement);
  await waitFor(() => expect(asked.some((one) => one.path.includes("/api/case-rules/ready/low_csat"))).toBe(true));
  expect(await screen.findByText("It opens cases from now on.")).toBeTruthy();
});

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { scoresAs } from "./feedback-words";

const SCORE = { figure: "nps", title: "Net promoter score", unit: "points", value: 43, low: 39, high: 47, people: 1180, answers: 1200, effective: 1160, reason: "" };
const MEAN = { ...SCORE, figure: "mean", title: "Mean", unit: "mean", value: 8.1, low: 8, high: 8.2 };
const WEIGHTED = [{ ...SCORE, value: 41, low: 37, high: 45, effective: 900 }, { ...MEAN, value: 8, low: 7.9, high: 8.1 }];
const POINT = { start: "2026-04-01T00:00:00Z", end: "2026-05-01T00:00:00Z", complete: true, value: 44, low: 40, high: 48, people: 400 };
const SCORES = {
  survey: "nps", title: "After delivery", measure: "nps", measure_title: "Net promoter score", since: "2026-02-13T00:00:00Z", until: "2026-05-14T00:00:00Z", level: 0.9, lowest: -100, highest: 100,
  scores: [SCORE, MEAN], weighted: WEIGHTED,
  weighting: {
    applied: true, frame: "asked", asked: 6204, answered: 1180, rate: 0.19, reason: "", words: "Weighted so that those who answered are like those who were asked.", explained: 0.2, trimmed: 3, heaviest: 5,
    balance: [{ trait: "late", level: "yes", asked: 0.1, answered: 0.2, weighted: 0.1 }, { trait: "orders", level: "1", asked: 0.5, answered: 0.49, weighted: 0.5 }],
  },
  bands: [{ title: "0–6", tone: "bad", answers: 200, share: 0.17 }, { title: "7–8", tone: "rest", answers: 300, share: 0.25 }, { title: "9–10", tone: "good", answers: 700, share: 0.58 }],
  series: [{ ...POINT, period: "2026-03" }, { ...POINT, period: "2026-04" }, { ...POINT, period: "2026-05", complete: false, value: null, low: null, high: null, people: 4 }],
  notes: ["1,200 answers came from 1,180 people."],
};
const part = (value: number, real: boolean) => ({ value, low: value - 3, high: value + 3, real });
const CHANGE = {
  title: "Net promoter score", unit: "points", since: SCORES.since, until: SCORES.until, before_since: "2025-11-15T00:00:00Z", before: { ...SCORE, value: 49 }, after: SCORE,
  total: part(-6, true), opinions: part(-4.1, true), answering: part(-1.9, false), panel: part(-3, false), panel_people: 140, traits: [{ key: "late", title: "Late delivery in 90 days" }],
  strata: [{ levels: { late: "yes" }, share_before: 0.1, share_after: 0.2, before: 10, after: -10, opinions: -3, answering: -2 }, { levels: { late: "no" }, share_before: 0.9, share_after: 0.8, before: 55, after: 54, opinions: -1.1, answering: 0.1 }],
};
const GROUP = { key: "delivery", title: "delivery", score: { ...SCORE, value: 20, low: 10, high: 30, people: 90 }, drawn: 24, drawn_low: 15, drawn_high: 33, differs: true };
const GROUPS = { dimension: "touchpoint", title: "Net promoter score", unit: "points", lowest: -100, highest: 100, since: SCORES.since, until: SCORES.until, overall: SCORE, rows: [{ ...GROUP, key: "shop", title: "shop", drawn: 45, differs: false }, GROUP], hidden: 2, notes: ["2 groups are compared."] };
const TARGET = { survey: "nps", title: "Net promoter score", unit: "points", since: "2026-01-01T00:00:00Z", due: "2027-01-01T00:00:00Z", goal: 48, base: { ...SCORE, value: 42 }, now: SCORE, expected: 44, projected: 45, low: 38, high: 52, course: "not_yet", words: "Not yet: the months so far lead below the target, which may be chance." };
const CHOICES = { surveys: [{ key: "nps", title: "After delivery" }], measures: [{ key: "nps", title: "Net promoter score" }, { key: "csat", title: "Customer satisfaction" }], dimensions: ["segment", "touchpoint", "month"], traits: [{ key: "late", title: "Late delivery in 90 days" }, { key: "orders", title: "Orders so far" }] };
const ALL = { "/api/feedback/choices": CHOICES, "/api/feedback/scores": SCORES, "/api/feedback/change": CHANGE, "/api/feedback/groups": GROUPS, "/api/feedback/targets": { rows: [TARGET] } };
const plain = (text: string | null | undefined) => text?.replaceAll("\u00a0", " ") ?? "";

it("shows the score weighted and as answered, with interval, response and how it moved", async () => {
  answering(ALL);
  const { container } = open("/feedback?survey=nps");
  expect((await screen.findAllByText("41")).length).toBeGreaterThan(0);
  const text = plain(container.textContent);
  expect(text).toContain("interval 37–45, weighted for who stayed silent");
  expect(text).toContain("1,180 of 6,204 people asked answered (19.0 %)");
  expect(text).toContain("−6 (−9 to −3)");
  expect(text).toContain("target");
  expect(screen.getByText("1,200 answers came from 1,180 people.")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("splits the change into parts that add up, and says what may be chance", async () => {
  answering(ALL);
  const { container } = open("/feedback");
  await screen.findByText("Did opinions move?");
  const rows = [...container.querySelectorAll(".ft-barrow")].map((row) => plain(row.textContent));
  expect(rows[0]).toContain("Opinions moved real change");
  expect(rows[0]?.endsWith("−4.1")).toBe(true);
  expect(rows[1]).toContain("may be chance");
  expect(rows.some((row) => row.startsWith("late delivery in 90 days: yes"))).toBe(true);
  expect(plain(container.textContent)).toContain("140 people answered both times: −3 (−6 to 0), may be chance.");
});

it("compares groups on one scale, and a click on one filters", async () => {
  const asked = answering(ALL);
  open("/feedback?days=28");
  const table = await screen.findByRole("table", { name: "By touchpoint" });
  expect(within(table).getByText("differs")).toBeTruthy();
  await userEvent.click(within(table).getByRole("button", { name: "delivery" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/feedback/scores?") && one.path.includes("touchpoint=delivery") && one.path.includes("from=2026-04-16"))).toBe(true));
  await userEvent.click(await screen.findByRole("button", { name: "Touchpoint: delivery" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Touchpoint: delivery" })).toBeNull());
});

it("says not yet where too few answered, and what there is not", async () => {
  const none = { ...SCORE, value: null, low: null, high: null, people: 4, answers: 4, reason: "too_few" };
  answering({ ...ALL, "/api/feedback/scores": { ...SCORES, scores: [none], weighted: [], weighting: { ...SCORES.weighting, applied: false, rate: null, reason: "no_frame", words: "Nothing tells who stayed silent.", balance: [] }, bands: [] }, "/api/feedback/change": { ...CHANGE, total: null, opinions: null, answering: null, strata: [] }, "/api/feedback/targets": { rows: [] } });
  const { container } = open("/feedback");
  expect(await screen.findByText("4 people answered; ten are needed")).toBeTruthy();
  expect(screen.getByText("Nothing tells who stayed silent.")).toBeTruthy();
  await screen.findByText(/both windows need ten people/);
  expect(plain(container.textContent)).not.toContain("Are we on course?");
});

it("begins with what to do where nobody answered, and shows what failed in its place", async () => {
  answering({ "/api/feedback/choices": { ...CHOICES, surveys: [] } });
  open("/feedback");
  expect(await screen.findByText("No answers yet")).toBeTruthy();
  answering({ "/api/feedback/choices": CHOICES });
  open("/feedback");
  expect((await screen.findAllByRole("alert")).length).toBeGreaterThan(0);
});

it("shows targets with where the months lead", async () => {
  answering(ALL);
  open("/feedback");
  const title = await screen.findByText("Are we on course?");
  const card = title.closest("section");
  expect(plain(card?.textContent)).toContain("Not yet");
  expect(plain(card?.textContent)).toContain("The months lead to45 38–52");
});

it("writes scores in their unit", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "Europe/Berlin", now: "2026-05-14T07:20:00Z" });
  const written = (unit: "points" | "share" | "mean", value: number, low: number, high: number) => {
    const as = scoresAs(unit, formats);
    return [as.one(value), as.interval(low, high), as.change(-low)].map(plain);
  };
  expect(written("points", 41.26, 36.94, 45)).toEqual(["41.3", "36.9–45", "−36.9"]);
  expect(written("share", 0.812, 0.78, 0.84)).toEqual(["81.2 %", "78.0–84.0 %", "−78.0 pts"]);
  expect(written("mean", 4.237, 4.1, 4.3)).toEqual(["4.24", "4.1–4.3", "−4.1"]);
  expect(scoresAs("points", formats).one(null)).toBe("–");
});

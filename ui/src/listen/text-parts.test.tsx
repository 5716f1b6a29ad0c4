import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const FEELS = { positive: 1, neutral: 2, negative: 6, unknown: 1 };
const THEME = { key: "delivery", title: "Delivery", named: true, texts: 10, people: 9, before: 4, share: 0.5, sentiments: FEELS, score: 3.2, trend: [0, 0, 1, 1, 0, 2, 1, 1, 1, 1, 1, 1] };
const THEMES = { since: "2026-02-13T07:20:00Z", until: "2026-05-14T07:20:00Z", texts: 20, people: 18, sentiments: FEELS, rows: [THEME, { ...THEME, key: "", title: "", named: false, texts: 3, before: 3 }] };
const QUOTE = { message_id: "m1", profile_id: "p1", person: "Hannah Lindner", at: "2026-05-12T07:00:00Z", origin: "survey", survey: "nps", response_id: "r1", score: 2, sentiment: "negative", probability: 0.91, assumed: false, language: "en", text: "Call me at [phone number] <img src=x onerror=alert(1)>", whole: false, themes: ["delivery"], alike: 4 };
const WORD = { word: "late delivery", texts: 8, people: 7, positive: 0, neutral: 1, negative: 7 };
const CHOICES = { "/api/feedback/choices": { surveys: [{ key: "nps", title: "After delivery" }], measures: [{ key: "nps", title: "Net promoter score" }], dimensions: [], traits: [] } };
const ALL = { ...CHOICES, "/api/feedback/themes": THEMES, "/api/feedback/quotes": { rows: [QUOTE] }, "/api/feedback/words": { rows: [WORD, { ...WORD, word: "price", texts: 3, negative: 1, positive: 1 }] } };

it("shows themes with how they feel, and narrows quotes and words to one", async () => {
  const asked = answering(ALL);
  open("/feedback?survey=nps");
  const table = await screen.findByRole("table", { name: "Themes" });
  expect(within(table).getByText("Named by the team")).toBeTruthy();
  expect(within(table).getByText("6 more now")).toBeTruthy();
  expect(within(table).getAllByRole("img", { name: "1 positive, 2 neutral, 6 negative, 1 unknown" }).length).toBe(2);
  await userEvent.click(within(table).getByRole("button", { name: "Delivery" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("feedback/quotes?") && one.path.includes("theme=delivery"))).toBe(true));
  await userEvent.click(within(table).getByRole("button", { name: "Without a theme" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("feedback/words?") && one.path.includes("theme=-"))).toBe(true));
});

it("shows quotes as text, whatever they say, with who said it", async () => {
  const asked = answering(ALL);
  open("/feedback?survey=nps");
  const quote = await screen.findByText(/Call me at \[phone number\] <img src=x/);
  expect(quote.querySelector("img")).toBeNull();
  expect(quote.getAttribute("dir")).toBe("auto");
  expect(screen.getByText("4 say the like")).toBeTruthy();
  expect(screen.getAllByRole("link", { name: "Hannah Lindner" }).length).toBeGreaterThan(0);
  await userEvent.click(screen.getByRole("radio", { name: "Positive" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("feedback/quotes?") && one.path.includes("sentiment=positive"))).toBe(true));
});

it("says that a share of neutral texts is assumed where it is", async () => {
  answering({ ...ALL, "/api/feedback/quotes": { rows: [{ ...QUOTE, sentiment: "neutral", probability: 0.4, assumed: true }, { ...QUOTE, message_id: "m2" }] } });
  open("/feedback?survey=nps");
  expect((await screen.findByText(/^40.*, assumed$/)).title).toContain("one in five");
  expect(screen.getByText(/^91.* sure$/)).toBeTruthy();
});

it("shows words as a cloud and as a list", async () => {
  answering(ALL);
  open("/feedback?survey=nps");
  const list = await screen.findByRole("table", { name: "Words" });
  expect(within(list).getByText("late delivery")).toBeTruthy();
  const cloud = document.querySelector(".ft-cloud");
  expect(cloud?.getAttribute("aria-hidden")).toBe("true");
  expect(cloud?.querySelector('[data-feels="negative"]')?.textContent).toBe("late delivery");
  expect(cloud?.querySelectorAll('[data-feels="neutral"]').length).toBe(1);
});

it("says why there is nothing", async () => {
  answering({ ...CHOICES, "/api/feedback/themes": { ...THEMES, texts: 0, rows: [] }, "/api/feedback/quotes": { rows: [] }, "/api/feedback/words": { rows: [] } });
  open("/feedback?survey=nps");
  expect(await screen.findByText("Nobody has written anything yet")).toBeTruthy();
  expect(await screen.findByText("No such words")).toBeTruthy();
  expect(await screen.findByText("No words yet")).toBeTruthy();
});

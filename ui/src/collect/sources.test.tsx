import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { scoreNote, scoreText } from "./score";

const PARTS = [
  { name: "completeness", value: 0.9, weight: 0.3 }, { name: "validity", value: 1, weight: 0.3 }, { name: "timeliness", value: 0, weight: 0.25 }, { name: "consistency", value: null, weight: 0.15 },
];
const SCORE = { value: 67, learning: false, parts: PARTS };
const DAYS = Array.from({ length: 28 }, (_, index) => ({ value: 100 + index, low: index < 3 ? null : 80, high: index < 3 ? null : 140, out: index === 27 }));
const ALERT = { id: "a1", source: "website", monitor: "freshness", subject: "", sentence: "Nothing came for 14 hours; up to 90 minutes is usual.", next_step: "Look whether the sender still runs.", opened_at: "2026-05-13T20:00:00Z", closed_at: null };
const ROW = { source: "website", state: "broken", last_at: "2026-05-13T17:20:00Z", last_hour: 0, sentence: ALERT.sentence, next_step: ALERT.next_step, broken: 1, monitors: 2, score: SCORE, days: DAYS };
const WATCHED = [
  { name: "freshness", subject: "", unit: "seconds", value: 50_400, low: null, high: 5_400, state: "broken", sentence: ALERT.sentence, next_step: ALERT.next_step, since: "2026-05-13T17:20:00Z" },
  { name: "present", subject: "Order Completed.order_id", unit: "share", value: 0.99, low: 0.95, high: null, state: "ok", sentence: "order_id is there.", next_step: "", since: null },
];
const document = (key: string, format: string, keys: number) => ({ key, format, file: `sources/${key}.yaml`, origins: [], consent: "none", consent_categories: [], keys, settings_keys: 0, address: format === "api" ? "http://app.example/v1" : null });
const SOURCES = { sources: [document("website", "api", 1), document("app", "api", 0), document("till", "csv", 0)], broken: [] };
const KEY = { write_key: "wk_1", source: "website", name: "shop", created_at: "2026-05-01T08:00:00Z", retires_at: null, valid: true };
const SNIPPET = { kind: "browser", language: "javascript", text: 'analytics.load("wk_1")', write_key: "wk_1", consent: "none" };
const ONE = { "/api/sources": SOURCES, "/api/data-health": { score: SCORE, sources: [ROW], alerts: [ALERT] }, "/api/data-health/website": { ...ROW, watched: WATCHED, alerts: [ALERT] }, "/api/sources/website/keys": { keys: [KEY] }, "/api/sources/website/snippet": SNIPPET };

it("lists what came beside what did not, each with what to do next", async () => {
  answering({ "/api/sources": SOURCES, "/api/data-health": { score: SCORE, sources: [ROW], alerts: [ALERT] } });
  const { container } = open("/sources");
  const table = await screen.findByRole("table", { name: "Sources" });
  const row = (name: string) => within(table).getByRole("link", { name }).closest("tr") as HTMLElement;
  for (const said of ["Broken", "127", "67 of 100", "Events over the wire"]) expect(within(row("website")).getByText(said)).toBeTruthy();
  expect(within(row("app")).getByRole("link", { name: "Make a write key" }).getAttribute("href")).toBe("/sources/app");
  expect(within(row("till")).getByText("Nothing yet")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("says what belongs here when there is no source", async () => {
  answering({ "/api/sources": { sources: [], broken: ["old"] }, "/api/data-health": { score: SCORE, sources: [], alerts: [] } });
  open("/sources");
  expect(await screen.findByRole("heading", { name: "No sources yet" })).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("old");
});

it("shows what is watched of a source against what is usual, and what to do", async () => {
  answering(ONE);
  const { container } = open("/sources/website");
  const table = await screen.findByRole("table", { name: "Monitors" });
  for (const said of ["14 h 00 min", "up to 1 h 30 min", "from 95.0 %", "99.0 %"]) expect(within(table).getByText(said)).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: "as table" }));
  expect(within(await screen.findByRole("table", { name: "Does as much come as usual?" })).getAllByText("80 to 140")).toHaveLength(25);
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("makes a key, and retires one only after asking", async () => {
  const asked = answering(ONE);
  open("/sources/website");
  await userEvent.type(await screen.findByLabelText("Name of the new key"), " checkout ");
  await userEvent.click(screen.getByRole("button", { name: "Make a key" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ name: "checkout" }));
  await userEvent.click(await screen.findByRole("button", { name: "Retire" }));
  expect(await screen.findByText("none: nothing can be sent any more")).toBeTruthy();
  expect(asked.some((one) => one.path.endsWith("/keys/wk_1"))).toBe(false);
  await userEvent.click(screen.getByRole("button", { name: "Retire the key" }));
  await waitFor(() => expect(asked.some((one) => one.path.endsWith("/keys/wk_1"))).toBe(true));
});

it("shows the snippet of a kind of sender", async () => {
  const asked = answering(ONE);
  open("/sources/website");
  expect((await screen.findByLabelText("Snippet")).textContent).toContain("wk_1");
  await userEvent.click(screen.getByRole("tab", { name: "Python" }));
  await waitFor(() => expect(asked.some((one) => one.path.endsWith("snippet?kind=python"))).toBe(true));
});

it("asks for a key before it shows a snippet, and says that nothing came yet", async () => {
  const asked = answering({ ...ONE, "/api/sources/app/keys": { keys: [] } });
  open("/sources/app");
  expect(await screen.findByRole("heading", { name: "Nothing came yet" })).toBeTruthy();
  expect(screen.getByText(/A snippet needs a write key/)).toBeTruthy();
  expect(asked.some((one) => one.path.includes("data-health/app") || one.path.includes("snippet"))).toBe(false);
});

it("tells which part costs most", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "UTC", now: "2026-05-14T00:00:00Z" });
  expect(scoreNote(SCORE, formats)).toBe("timeliness 0.0\u00a0%");
  expect(scoreNote({ value: 100, learning: false, parts: PARTS.map((part) => ({ ...part, value: 1 })) }, formats)).toBe("nothing amiss in any part");
  expect(scoreNote({ value: null, learning: true, parts: PARTS.map((part) => ({ ...part, value: null })) }, formats)).toBe("nothing to tell it by yet");
  expect([99.97, 100, null].map(scoreText)).toEqual(["99 of 100", "100 of 100", "–"]);
});

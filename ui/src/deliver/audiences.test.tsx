import { fireEvent, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const LIST = {
  name: "Win back", list_id: "77", at: "2026-05-14T06:00:00Z", standing: "OPEN", size_low: 800, size_high: 900, match_low: 0.67, match_high: 0.67, life_days: 540,
  rounding: "whole percent", told: 1200, error: "",
};
const ROW = {
  key: "winback", title: "Win back", description: null, channel: "g", uses: "google_ads", platform: "Google Ads", segment: "lapsed", journeys: ["rescue"], size: 1200, left: 80,
  states: { confirmed: 1150, refused: 50 }, lists: [LIST], removals: { waiting: 0, told: 1, acknowledged: 3, last_at: "2026-05-13T06:00:00Z" }, problems: ["The platform did not take 50 of 1200 people."],
};
const QUIET = { ...ROW, key: "quiet", title: "Quiet", lists: [], problems: [], size: 0, left: 0, states: {}, segment: null, journeys: [] };
const DETAIL = {
  ...ROW, match: ["email", "phone"], split: null, stays: null, list_id: null, kept_by: "app", revision: 2, looks: [LIST], days: [{ day: "2026-05-13", joined: 1280, left: 0 }, { day: "2026-05-14", joined: 0, left: 80 }],
};
const MEMBERS = {
  total: 2,
  rows: [
    { profile_id: "p_ann", person: "Ann Mack", state: "refused", joined_at: "2026-05-13T06:00:00Z", left_at: null, journey: null, error: "Google refuses it: INVALID_SHA256_FORMAT" },
    { profile_id: "p_bob", person: null, state: "confirmed", joined_at: "2026-05-13T06:00:00Z", left_at: null, journey: "rescue", error: "" },
  ],
};
const ANSWERS = {
  "/api/audiences": { rows: [ROW, QUIET], channels: [{ key: "ads", uses: "inbox_ads" }, { key: "g", uses: "google_ads" }] },
  "/api/audiences/winback": DETAIL, "/api/audiences/winback/members": MEMBERS,
  "/api/audiences/winback/check": { steps: [{ what: "channel", ok: true, said: "g uses google_ads" }, { what: "platform", ok: false, said: "Google gives no access token" }] },
  "/api/segments": { rows: [{ key: "lapsed", title: "Lapsed" }] },
};

it("lists audiences with who joins them and what the platform knows", async () => {
  answering(ANSWERS);
  const { container } = open("/audiences");
  const table = await screen.findByRole("table", { name: "Audiences" });
  const first = within(table).getAllByRole("row")[1] as HTMLElement;
  expect(within(first).getByText("The platform did not take 50 of 1200 people.")).toBeTruthy();
  expect(within(first).getByRole("link", { name: "lapsed" })).toBeTruthy();
  expect(within(first).getByRole("link", { name: "rescue" })).toBeTruthy();
  expect(within(first).getByText(/^67/)).toBeTruthy();
  expect(within(table).getByText("nobody")).toBeTruthy();
  expect(within(table).getByText("Empty")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("shows one with each person's state, its erased people, and tries the way to the platform", async () => {
  const asked = answering(ANSWERS);
  const { container } = open("/audiences/winback");
  expect((await screen.findByRole("alert")).textContent).toContain("did not take 50");
  expect(await screen.findByText("Google refuses it: INVALID_SHA256_FORMAT")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Ann Mack" })).toBeTruthy();
  expect(screen.getByText("E-mail address, Phone number")).toBeTruthy();
  expect(screen.getByText(/^3 people, last/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: /^Refused/ }));
  expect((await screen.findByRole("button", { name: /^Refused/ })).getAttribute("aria-pressed")).toBe("true");
  expect(asked.some((one) => one.path.includes("state=refused"))).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Check the platform" }));
  expect(await screen.findByText("Google gives no access token")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("saves what the form says, with the revision that was opened", async () => {
  const asked = answering({ ...ANSWERS, "/api/audiences/buyers": { key: "buyers", revision: 1, file: "audiences/buyers.yaml", problems: [] } });
  const { container } = open("/audiences/new");
  const name = await screen.findByRole("textbox", { name: "Name" });
  expect(screen.getByRole("button", { name: "Save the audience" }).hasAttribute("disabled")).toBe(true);
  fireEvent.change(name, { target: { value: "Buyers" } });
  fireEvent.click(screen.getByRole("checkbox", { name: "Phone number" }));
  fireEvent.change(screen.getByRole("textbox", { name: "People stay" }), { target: { value: "30d" } });
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "Save the audience" }));
  await screen.findByText(/is saved/);
  const saved = asked.find((one) => one.path.startsWith("/api/audiences/buyers?revision=0"));
  expect(saved?.body).toEqual({ title: "Buyers", description: null, channel: "ads", segment: null, platform: null, list_id: null, match: ["email", "phone"], split: null, stays: "30d" });
});

it("says how to begin when there is none", async () => {
  answering({ ...ANSWERS, "/api/audiences": { rows: [], channels: [] } });
  open("/audiences");
  expect(await screen.findByRole("heading", { name: "No audiences yet" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "New audience" })).toBeTruthy();
});

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const ROW = {
  id: "q1", source: "website", file: "", line: null, code: "PLAN_VIOLATION", message: "order_id matches ^O: x9", severity: "error", body: '{"type":"track","event":"Order Completed"}',
  received_at: "2026-05-13T07:00:00Z", state: "waiting", replayed_at: null,
};
const HELD = { total: 1, page: 1, rows: [ROW], codes: { PLAN_VIOLATION: 1, BAD_JSON: 3 }, sources: { website: 1 }, states: { waiting: 1 } };
const FIELD = { field: "order_id", types: ["string"], required: true, rules: ["matches ^O"], standard: null, description: "Id in the shop", pii: "none", owner: "E-commerce", owner_type: "team", on_violation: "quarantine", violations: 2 };
const PLANS = {
  broken: ["old"],
  plans: [{
    key: "shop", description: null, sources: ["website"], owner: "E-commerce", owner_type: "team", on_violation: "allow", unplanned: "allow", file: "tracking/shop.yaml", violations: 2,
    events: [{ event: "Order Completed", description: "Paid", unplanned: "allow", violations: 2, fields: [FIELD, { ...FIELD, field: "email", owner: null, owner_type: null, pii: "contact", violations: 0 }] }],
  }],
};
const BREACH = {
  event: "Order Completed", field: "order_id", rule: "pattern", source: "website", plan: "shop", count: 2, events: 2, share: 0.004, allowed: 0, dropped: 0, quarantined: 2, owner: "E-commerce", owner_type: "team",
  first_at: "2026-05-12T07:00:00Z", last_at: "2026-05-13T07:00:00Z", trend: [{ day: "2026-05-12", count: 1 }, { day: "2026-05-13", count: 1 }], examples: ["x9"],
};
const TOLD = { events: 500, violating: 2, breaches: [BREACH, { ...BREACH, field: "total", rule: "type", owner: null, owner_type: null, quarantined: 0 }] };

it("lists reasons and rows, and narrows by a reason", async () => {
  const asked = answering({ "/api/quarantine": HELD });
  const { container } = open("/quarantine");
  await userEvent.click(await screen.findByRole("button", { name: /Not valid JSON.*3 rows/ }));
  await waitFor(() => expect(asked.at(-1)?.path).toContain("code=BAD_JSON"));
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("shows the row as it came, and replays it after asking", async () => {
  const asked = answering({ "/api/quarantine": HELD, "/api/quarantine/replay": { rows: 1, replayed: 0, events: 0, still: { PLAN_VIOLATION: 1 }, left: {} } });
  open("/quarantine?row=q1");
  expect(await screen.findByText(/"event": "Order Completed"/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Replay this row" }));
  expect(asked.some((one) => one.path.endsWith("replay"))).toBe(false);
  await userEvent.click(await screen.findByRole("button", { name: "Replay the row" }));
  expect(await screen.findByText(/1 row read again: 0 went in, 1 stay/)).toBeTruthy();
  expect(screen.getByText("1: Breaches the tracking plan")).toBeTruthy();
  expect(asked.find((one) => one.path.endsWith("replay"))?.body).toEqual({ ids: ["q1"] });
});

it("says that nothing is in quarantine, and clears filters that find nothing", async () => {
  answering({ "/api/quarantine": { ...HELD, total: 0, rows: [], codes: {}, sources: {}, states: {} } });
  open("/quarantine");
  expect(await screen.findByRole("heading", { name: "Nothing in quarantine" })).toBeTruthy();
});

it("offers to clear filters that find nothing", async () => {
  const asked = answering({ "/api/quarantine": { ...HELD, total: 0, rows: [], codes: {} } });
  open("/quarantine?source=shop");
  await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(asked.at(-1)?.path).toBe("/api/quarantine?page=1"));
});

it("tells the fields with their owners, and plans that are not in force", async () => {
  answering({ "/api/tracking": PLANS, "/api/tracking/violations": TOLD });
  const { container } = open("/tracking");
  const row = (await screen.findByText("email")).closest("tr") as HTMLElement;
  for (const said of ["nobody", "contact"]) expect(within(row).getByText(said)).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("old");
  expect((await screen.findByText("Without an owner")).nextElementSibling?.textContent).toBe("1");
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("leads from a field to its violations, their examples and what was put aside", async () => {
  answering({ "/api/tracking": PLANS, "/api/tracking/violations": TOLD });
  open("/tracking");
  const row = (await screen.findByText("order_id")).closest("tr") as HTMLElement;
  await userEvent.click(within(row).getByRole("link", { name: "2" }));
  await userEvent.click(await screen.findByRole("button", { name: "Does not match: order_id" }));
  expect(screen.queryByRole("button", { name: "Wrong type: total" })).toBeNull();
  expect(await screen.findByText("x9")).toBeTruthy();
  expect(screen.getByRole("link", { name: "See what was put aside" }).getAttribute("href")).toBe("/quarantine?code=PLAN_VIOLATION&source=website");
});

it("drafts a plan from what arrived", async () => {
  const asked = answering({ "/api/tracking": { plans: [], broken: [] }, "/api/tracking/violations": { events: 0, violating: 0, breaches: [] }, "/api/tracking/draft": { key: "drafted", document: "kind: tracking\nkey: drafted\n" } });
  open("/tracking");
  expect(await screen.findByRole("heading", { name: "No tracking plan yet" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Draft a plan" }));
  expect((await screen.findByLabelText("Tracking document")).textContent).toContain("kind: tracking");
  expect(asked.at(-1)?.path).toContain("from=2026-04-16");
});

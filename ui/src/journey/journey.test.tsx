import { fireEvent, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { layout } from "./layout";

const COUNTS = { in: 10, done: 8, here: 2, sent: 0, refused: 0, deferred: 0 };
const STEP = { says: "", next: null, then: null, else: null, content: {}, counts: COUNTS, refused: {}, deferred: {}, outcomes: {} };
const STEPS = [
  { ...STEP, key: "opened", kind: "branch", title: "Mail opened", ways: { then: "finish", else: "call" }, passed: { then: 5, else: 3 } },
  { ...STEP, key: "call", kind: "case", title: "Call", ways: { next: "finish" }, passed: { next: 3 } },
  { ...STEP, key: "finish", kind: "end", title: "Done", ways: {}, passed: {} },
];
const ARM = { people: 0, share: null, goals: 0 };
const LIFT = { answer: "not yet", verdict: "", notes: [], treated: ARM, held_out: ARM, conversions: null, revenue: { value: null, low: null, high: null }, window: "30d", level: 0.9 };
const JOURNEY = {
  key: "rescue", title: "Rescue", description: null, state: "live", enter: { condition: {}, says: "who buys" }, leave: null, goal: null, goal_within: "30d", holdout: 0, entered: 10, active: 2, done: 8, left: 0, stopped: 0,
  merged: 0, contaminated: 0, waiting: 0, again: "once", cap: "", goals: { treated: 0, held_out: 0 }, sent: 0, refused: {}, steps: STEPS, arms: { treated: 10, held_out: 0 }, lift: LIFT, scores: [], as_of: "2026-07-01T00:00:00Z",
};
const REVISIONS = { rows: [
  { revision: 2, made_at: "2026-07-01T00:00:00Z", in_force: true, inside: 0, held_out: 0, stranded: 0, steps: [] },
  { revision: 1, made_at: "2026-06-01T00:00:00Z", in_force: false, inside: 3, held_out: 1, stranded: 3, steps: [{ step: "old_day", people: 3, becomes: "gone" }] },
] };
const at = (path: string) => `/api/journeys/rescue${path}`;

it("shows who stands at a step that is gone, and moves nobody before it is said where they go", async () => {
  const asked = answering({ [at("")]: JOURNEY, [at("/revisions")]: REVISIONS, [at("/move")]: { people: 3, held_out: 1, steps: [{ step: "old_day", people: 3, to: "call", asked_anew: true }], notes: ["The goal is another one."], dry_run: true } });
  const { container } = open("/journeys/rescue?tab=revisions");
  expect(await screen.findByText("3 people at a step that is gone")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "Move people" }));
  const dialog = await screen.findByRole("dialog");
  expect((within(dialog).getByRole("button", { name: "Move" }) as HTMLButtonElement).disabled).toBe(true);
  fireEvent.click(within(dialog).getByRole("combobox", { name: /old_day/ }));
  fireEvent.click(await screen.findByRole("option", { name: "Call" }));
  expect(await within(dialog).findByText("The goal is another one.")).toBeTruthy();
  fireEvent.click(within(dialog).getByRole("button", { name: "Move 3 people" }));
  await screen.findByText("3 people went to revision 2.");
  expect(asked.filter((one) => one.path === at("/move")).map((one) => one.body)).toEqual([
    { from_revision: 1, to_revision: 2, steps: { old_day: "call" }, dry_run: true },
    { from_revision: 1, to_revision: 2, steps: { old_day: "call" }, dry_run: false },
  ]);
});

it("plays one person through with the chosen ways, and shows what would be written", async () => {
  const told = {
    profile_id: "p_1", began_at: "2026-07-01T00:00:00Z", enters: false, state: "done", sent: [],
    steps: [{ step: "opened", kind: "branch", at: "2026-07-01T00:00:00Z", outcome: "chosen: else", next: "call", decision: null, message: null, chosen: true }, { step: "call", kind: "send", at: "2026-07-02T00:00:00Z", outcome: "refused: no_consent", next: "finish", decision: { decision: "refuse", reason: "no_consent" }, message: { channel: "email", medium: "email", subject: "We miss you", html: "<p>Hi</p>", text: "Hi", error: "" }, chosen: false }],
  };
  const asked = answering({ [at("")]: JOURNEY, [at("/test")]: told });
  open("/journeys/rescue?test=1&view=list");
  fireEvent.change(await screen.findByPlaceholderText("email:ann@customers.example"), { target: { value: "email:ann@customers.example" } });
  fireEvent.click(screen.getByRole("combobox", { name: "Mail opened" }));
  fireEvent.click(await screen.findByRole("option", { name: "no" }));
  fireEvent.click(screen.getByRole("button", { name: "Play it through" }));
  expect(await screen.findByText("We miss you")).toBeTruthy();
  expect(screen.getByText("No consent")).toBeTruthy();
  expect(screen.getByText(/does not fulfil the entry condition/)).toBeTruthy();
  expect(asked.find((one) => one.path === at("/test"))?.body).toEqual({ person: "email:ann@customers.example", choose: { opened: "else" }, to: null });
});

it("says what ending it means before it is done", async () => {
  const asked = answering({ [at("")]: JOURNEY, [at("/stop")]: { key: "rescue", state: "stopped", ended: 2 } });
  open("/journeys/rescue?view=list");
  fireEvent.click(await screen.findByRole("button", { name: "End it" }));
  fireEvent.click(await screen.findByRole("menuitem", { name: /^Stop/ }));
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByText("are taken back")).toBeTruthy();
  fireEvent.click(within(dialog).getByRole("button", { name: "Stop journey" }));
  await screen.findByText("Rescue is stopped.");
  expect(asked.some((one) => one.path === at("/stop"))).toBe(true);
});

it("counts on each way of a branch who took it", () => {
  const joints = layout(JOURNEY as never).joints;
  expect(joints.filter((one) => one.from === "opened").map((one) => [one.label, one.passed])).toEqual([["yes", 5], ["no", 3]]);
});

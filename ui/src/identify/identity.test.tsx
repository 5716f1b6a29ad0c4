import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { identifierOf, ruleOf } from "./why";

const MERGE = {
  merge_id: 7, winner: "p_1", loser: "p_2", at: "2026-05-13T08:00:00Z", reason: "event", kind_a: "user_id", value_a: "u1", kind_b: "email", value_b: "ann@shop.example",
  message_id: "m1", note: null, in_force: true, undone_at: null,
};
const LEDGER = { total: 1, page: 1, rows: [MERGE] };
const SPLIT = {
  done: false, merge: MERGE, stays: { profile_id: "p_1", identifiers: ["user_id:u1"], events: 3 }, leaves: { profile_id: "p_2", identifiers: ["email:ann@shop.example", "phone:1", "phone:2", "phone:3"], events: 1 },
  moves: { orders: 2, messages: 0 },
};
const DENIED = { total: 1, page: 1, rows: [{ rule: "limit:user_id", kind_a: "user_id", value_a: "u1", kind_b: "user_id", value_b: "u2", times: 12, first_at: "2026-05-01T08:00:00Z", last_at: "2026-05-13T08:00:00Z", message_id: "m9" }] };

it("shows a merge with its evidence, and takes it back only after saying what goes where", async () => {
  const asked = answering({ "/api/identity/ledger": LEDGER, "/api/identity/split": SPLIT });
  const { container } = open("/identity?tab=merges&merge=7");
  const table = await screen.findByRole("table", { name: "Merges" });
  expect(within(table).getByText("ann@shop.example")).toBeTruthy();
  const takeBack = await screen.findByRole("button", { name: "Take back…" });
  await userEvent.click(takeBack);
  await userEvent.click(await screen.findByRole("button", { name: "Leave them one" }));
  await waitFor(() => expect(document.activeElement).toBe(takeBack));
  await userEvent.click(takeBack);
  expect(await screen.findByText(/and 1 more/)).toBeTruthy();
  expect(screen.getByText("Goes along: orders")).toBeTruthy();
  expect(screen.queryByText("Goes along: messages")).toBeNull();
  expect(asked.some((one) => one.body)).toBe(false);
  await userEvent.click(screen.getByRole("button", { name: "Take the merge back" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ id: "p_2", merge_id: 7 }));
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("lists denied joins and the biggest profiles", async () => {
  answering({ "/api/identity/ledger": LEDGER, "/api/identity/denied": DENIED, "/api/identity/biggest": { rows: [{ profile_id: "p_1", nodes: 4, identifiers: 9, by_kind: { email: 5, phone: 4 } }] } });
  open("/identity?tab=denied");
  expect(await screen.findByText("12")).toBeTruthy();
  expect(screen.getByText("More than the limit of one person: user id")).toBeTruthy();
  await userEvent.click(screen.getByRole("tab", { name: "Biggest" }));
  expect(await screen.findByText("5 e-mail, 4 phone")).toBeTruthy();
});

it("says what belongs here when nobody was merged", async () => {
  answering({ "/api/identity/ledger": { total: 0, page: 1, rows: [] } });
  open("/identity?tab=merges");
  expect(await screen.findByRole("heading", { name: "Nobody was merged yet" })).toBeTruthy();
});

const FIELDS = [
  { field: "email", one: "ann@shop.example", other: "anne@shop.example", level: "almost the same", weight: 7.5 },
  { field: "given_name", one: "Ann", other: "Anne", level: "alike", weight: 2.1 }, { field: "birth_date", one: "1990-01-02", other: "1991-01-02", level: "different", weight: -3 },
];
const PAIR = { pair: "q1", one: "p_1", other: "p_2", one_identifiers: ["user_id:u1"], other_identifiers: ["card:77"], probability: 0.87, weight: 6.6, held_back: null, fields: FIELDS, found_at: "2026-05-13T08:00:00Z" };
const MODEL = {
  number: 3, trained_at: "2026-05-12T08:00:00Z", prior: 0.0001, join_from: 0.98, review_from: 0.5, expected_precision: 0.993, records: 5000, pairs_compared: 80000,
  fields: [{ field: "email", compare: "email", traits: ["email"], identifiers: ["email"], levels: [{ level: "the same", m: 0.9, u: 0.0001, weight: 13.1, learnt: true }, { level: "different", m: 0.1, u: 0.9, weight: -3.2, learnt: false }] }],
};
const MATCHING = { configured: true, last_run: "2026-05-13T08:00:00Z", counts: { waiting: 1, joined: 40 }, model: MODEL };

it("puts a pair to people with what speaks for and against, and remembers the answer", async () => {
  const asked = answering({ "/api/identity/review": { total: 1, page: 1, rows: [PAIR] }, "/api/identity/matching": MATCHING, "/api/identity/review/q1/reject": { pair: "q1", state: "different" } });
  const { container } = open("/identity");
  const evidence = await screen.findByRole("list", { name: "Evidence" });
  for (const said of ["for 7.5", "for 2.1", "against 3"]) expect(within(evidence).getByText(said)).toBeTruthy();
  expect(await screen.findByText(/^99\.3/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Show every level" }));
  expect(screen.getByText(/nothing to learn from/)).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Two people" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.path).toContain("identity/review/q1/reject"));
});

it("shows the rules in force, and what a changed document would do", async () => {
  const preview = { followed: false, people: 90, people_now: 100, merges: 12, splits: 2, joins: [{ winner: "p_1", loser: "p_3", one: "email:a@b.example", other: "phone:1", message_id: "m", event: "Order Completed", at: "2026-05-13T08:00:00Z" }], parts: [{ merge: MERGE, because: "merges:phone" }], largest: [{ profile_id: "p_1", identifiers: 9, identifiers_now: 4 }], moves: { "journey runs": 3 } };
  answering({ "/api/identity/preview": preview, "/api/identity/blocked": { values: ["unknown"], patterns: ["^test@"] }, "/api/identity/rules": { file: "identity/people.yaml", types: [{ name: "user_id", limit: 1, merges: true, shared_after: null }, { name: "phone", limit: 5, merges: false, shared_after: 3 }] } });
  open("/identity?tab=rules");
  expect(await screen.findByText("journey runs")).toBeTruthy();
  expect(await screen.findByText("names a person, joins nobody by itself")).toBeTruthy();
  expect(await screen.findByText("/^test@/")).toBeTruthy();
});

it("calls identifiers and rules by their names", () => {
  expect([identifierOf("email:a@b.example"), identifierOf("17"), identifierOf("loyalty_card:1:2")]).toEqual(["e-mail a@b.example", "17", "loyalty card 1:2"]);
  expect([ruleOf("merges:phone"), ruleOf("kept_apart"), ruleOf("shared:anonymous_id")]).toEqual(["Joins nobody by itself: phone", "Kept apart by hand", "Shared by several people: browser or app"]);
});

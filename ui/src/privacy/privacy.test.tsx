import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const ROW = {
  request: "r1", kind: "erasure", person: "email:ann@shop.example", received_at: "2026-05-01T08:00:00Z", due_at: "2026-05-31T08:00:00Z", days_left: 17, state: "open", closed_at: null, note: "wrote by letter", by: "team",
};
const BODY = { ...ROW, history: [{ at: "2026-05-01T08:00:00Z", by: "team", what: "received", told: "" }] };
const ERASURE = { erasure: "e1", state: "files", steps: ["begun", "spool", "files", "analytics", "forgotten", "done"], begun_at: "2026-05-13T08:00:00Z", done_at: null, by: "team", requests: ["r1"], certificate: null };
const RECORD = {
  workspace: "Northpeak", controller: null, officer: "Dr. Brandt", age_of_consent: 16, kept_without_rule: "Everything else until the person asks for erasure.", purposes: [{ name: "email.marketing", title: "Offers", basis: "consent, Article 6(1)(a)", minors: false }],
  data: [{ category: "contact", fields: ["traits.email"] }], recipients: [], retention: [{ what: "Page Viewed", keep: "13mo" }], measures: ["Secrets are read from the environment."],
};

it("erases only when the word is typed", async () => {
  const asked = answering({ "/api/privacy/requests": { rows: [ROW, { ...ROW, request: "r2", kind: "access", days_left: -2 }] }, "/api/privacy/requests/r1": BODY, "/api/privacy/erasures": ERASURE });
  const { container } = open("/privacy?request=r1");
  const table = await screen.findByRole("table", { name: "Requests" });
  expect(within(table).getByText("2 days late")).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: "Erase the person…" }));
  const go = await screen.findByRole("button", { name: "Erase for good" });
  expect((go as HTMLButtonElement).disabled).toBe(true);
  await userEvent.type(screen.getByLabelText("Type erase to go on"), "erase");
  await userEvent.click(go);
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ people: ["email:ann@shop.example"] }));
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("notes a request", async () => {
  const asked = answering({ "/api/privacy/requests": { rows: [] }, "/api/privacy/requests/r1": BODY });
  open("/privacy");
  expect(await screen.findByRole("heading", { name: "Nobody waits for an answer" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Note a request" }));
  await userEvent.type(await screen.findByLabelText(/^Who/), "user_id:17");
  await userEvent.click(screen.getByRole("button", { name: "Note the request" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ kind: "access", person: "user_id:17", note: "" }));
});

it("shows how far an erasure is, the list of the left alone, and the record", async () => {
  const asked = answering({ "/api/privacy/requests": { rows: [] }, "/api/privacy/erasures": { rows: [ERASURE, { ...ERASURE, erasure: "e0", done_at: "2026-05-13T09:00:00Z", certificate: { rows: 3 } }] }, "/api/privacy/suppressions": { identifiers: 4, held_back: [{ day: "2026-05-13", source: "shop", events: 7 }] }, "/api/privacy/record": RECORD });
  open("/privacy?tab=erasures");
  expect(await screen.findByText("Files rewritten, 3 of 6")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Open the certificate" }).getAttribute("href")).toBe("/api/privacy/erasures/e0/certificate.html");
  await userEvent.click(screen.getByRole("tab", { name: "Left alone" }));
  expect(await screen.findByRole("table", { name: "Events held back" })).toBeTruthy();
  await userEvent.type(screen.getByLabelText("Who"), "user_id:9");
  await userEvent.click(screen.getByRole("button", { name: "Leave them alone" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.path).toContain("privacy/restrictions"));
  await userEvent.click(screen.getByRole("tab", { name: "Record" }));
  expect(await screen.findByText("not named: privacy.controller in foretell.yaml")).toBeTruthy();
  expect(screen.getByText("13 months")).toBeTruthy();
  expect(screen.getByText("Nobody: no channel or audience is set up.")).toBeTruthy();
});

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering, WORKSPACE } from "@/testing/answers";
import { open } from "@/testing/open";
import { toldOf } from "./case-steps";

const CASE = {
  case_id: "c1", title: "Call the customer", person: "Hannah Lindner", profile_id: "p1", state: "open", priority: "high", late: true, owner: null as string | null, reason: "No reaction",
  opened_at: "2026-05-12T07:00:00Z", due_at: "2026-05-13T07:00:00Z", closed_at: null, outcome: null, journey: null, step: null, value_at_risk: 212, version: 3,
  priority_by: "given", team: null as string | null, rule: null, snoozed_until: null, root_cause: null,
};
const BODY = {
  ...CASE, history: [], run: null, message_id: null, survey: null, first_contact_at: null, breached_at: null, reopened: 0, links: [], root_causes: [] as string[],
  playbook: [] as { key: string; do: string; text: string | null; done_at: string | null; done_by: string | null }[], ticket: null as object | null,
};
const CHOICES = { teams: [{ key: "service", title: "Customer service", members: ["anna", "ben"] }], owners: ["anna", "ben"], rules: [], desk: "zendesk" };
const PERSON = { facts: { orders: 2, revenue: 84, last_order: null }, predictions: [{ key: "churn", title: "Churn", horizon: "90d", score: 0.42, unit: "probability" }], cases: [], journeys: [] };
const page = (rows: object[]) => ({ total: rows.length, page: 1, rows, states: {} });

it("shows what somebody else did meanwhile, keeps the note, and saves on the new version", async () => {
  let kept = { ...BODY };
  const versions: unknown[] = [];
  vi.stubGlobal("fetch", (input: string, options?: RequestInit) => {
    const path = new URL(input, "http://app.example").pathname;
    let status = 200;
    let body: unknown = { rows: [] };
    if (path === "/api/workspace") body = WORKSPACE;
    else if (path === "/api/cases/choices") body = CHOICES;
    else if (path === "/api/cases/desk") body = { desk: null };
    else if (path === "/api/feedback/loop") status = 404;
    else if (path.startsWith("/api/people")) body = PERSON;
    else if (path === "/api/cases") body = { total: 1, page: 1, rows: [kept] };
    else if (path === "/api/cases/c1" && options?.method === "POST") {
      const asked = JSON.parse(String(options.body)) as { version: number; note: string };
      versions.push(asked.version);
      if (asked.version === 3) kept = { ...kept, owner: "anna", version: 4 };
      [status, body] = asked.version === 3 ? [409, { error: { code: "CASE_CHANGED", what: "somebody else was faster" } }] : [200, { ...kept, version: 5 }];
    } else if (path === "/api/cases/c1") body = kept;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  open("/cases/c1");
  await userEvent.click(await screen.findByRole("textbox", { name: "Note" }, { timeout: 10_000 }));
  await userEvent.paste("She is away.");
  await userEvent.click(screen.getByRole("button", { name: "Save changes" }));
  expect((await screen.findByRole("alert")).textContent).toMatch(/Somebody else changed this case/);
  await waitFor(() => expect(screen.getAllByLabelText<HTMLInputElement>("Owner").map((field) => field.value)).toContain("anna"));
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Note" }).value).toBe("She is away.");
  await userEvent.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("Case saved.")).toBeTruthy();
  expect(versions).toEqual([3, 4]);
});

it("takes the case that is due first and opens it", async () => {
  const asked = answering({ "/api/cases": { total: 1, page: 1, rows: [CASE] }, "/api/cases/c1": { ...BODY, state: "in_progress", version: 4 } });
  open("/cases");
  await screen.findByText("Call the customer");
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Take the next case" });
  await waitFor(() => expect(button.disabled).toBe(false));
  await userEvent.click(button);
  expect(await screen.findByRole("complementary", { name: "Call the customer" })).toBeTruthy();
  expect(asked.find((one) => one.body)?.body).toEqual({ state: "in_progress", version: 3 });
});

it("translates codes in a history, never names", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "UTC", now: "2026-05-14T07:20:00Z" });
  const step = { at: "2026-05-13T07:00:00Z", by: "eve" };
  expect(toldOf({ ...step, what: "owner", before: null, after: "anna_k" }, formats)).toBe("nobody → anna_k");
  expect(toldOf({ ...step, what: "state", before: "open", after: "in_progress" }, formats)).toBe("Open → In progress");
  expect(toldOf({ ...step, what: "due_at", before: null, after: "2026-05-14T09:00:00+00:00" }, formats)).toBe("none → today 09:00");
  expect(toldOf({ ...step, what: "note", before: null, after: "left a message" }, formats)).toBe("left a message");
});

it("moves a case on the board by the keyboard and by its menu, and asks for an outcome before it closes one", async () => {
  const asked = answering({ "/api/cases": page([CASE]), "/api/cases/c1": { ...BODY, state: "in_progress", version: 4 }, "/api/cases/choices": CHOICES });
  open("/cases?view=board");
  const column = await screen.findByRole("region", { name: "Open" });
  const link = await within(column).findByRole("link", { name: "Call the customer" });
  link.focus();
  await userEvent.keyboard("{Shift>}{ArrowRight}{/Shift}");
  await waitFor(() => expect(asked.filter((one) => one.body).map((one) => one.body)).toEqual([{ state: "in_progress", version: 3 }]));
  expect((await screen.findByText("Call the customer: in progress.")).getAttribute("aria-live")).toBe("polite");
  await userEvent.keyboard("{Shift>}{ArrowLeft}{/Shift}");
  expect(asked.filter((one) => one.body)).toHaveLength(1);
  await userEvent.click(within(column).getByRole("button", { name: "Move Call the customer" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Move to closed" }));
  expect(await screen.findByText("Say what came of it to close it.")).toBeTruthy();
  expect(await screen.findByRole("complementary", { name: "Call the customer" })).toBeTruthy();
});

it("ticks a step of the playbook, and shows the ticket and how it stands", async () => {
  const step = { key: "ring", do: "Ring them", text: "Ask about the last order.", done_at: null, done_by: null };
  const ticket = { state: "failed", ticket_id: "77", url: "https://shop.zendesk.com/agent/tickets/77", synced_at: null, next_at: null, attempts: 8, error: "it answered 422" };
  const asked = answering({ "/api/cases": page([CASE]), "/api/cases/c1": { ...BODY, playbook: [step], ticket }, "/api/people/p1": PERSON, "/api/cases/choices": CHOICES, "/api/cases/c1/sync": { ...BODY, ticket: { ...ticket, state: "waiting" } } });
  open("/cases/c1");
  await userEvent.click(await screen.findByRole("checkbox", { name: "Ring them" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ done: ["ring"], version: 3 }));
  expect(screen.getByRole("link", { name: "77" }).getAttribute("href")).toBe(ticket.url);
  expect(screen.getByText("it answered 422")).toBeTruthy();
  expect(await screen.findByText(/^2, €84.00/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Tell it again" }));
  expect(await screen.findByText("The help desk is told in the next round.")).toBeTruthy();
});

it("changes several cases at once, and filters by whose they are under one's own name", async () => {
  const asked = answering({ "/api/cases": page([CASE, { ...CASE, case_id: "c2", title: "Write to them" }]), "/api/cases/choices": CHOICES, "/api/cases/several": { rows: [CASE] } });
  open("/cases");
  await userEvent.click(await screen.findByRole("checkbox", { name: "Choose Write to them" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "Choose Call the customer" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Your name" }), "anna{Enter}");
  await userEvent.click(await screen.findByRole("button", { name: "Take them" }));
  await waitFor(() => expect(asked.find((one) => one.body)?.body).toEqual({ change: { by: "anna", owner: "anna", state: "in_progress" }, case_ids: ["c2", "c1"] }));
  await userEvent.click(screen.getAllByLabelText("Owner")[0] as HTMLElement);
  await userEvent.click(await screen.findByRole("option", { name: "Mine (anna)" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("owner=anna"))).toBe(true));
  localStorage.clear();
});

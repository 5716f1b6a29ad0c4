import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { toldIn } from "./found-words";
import { subjectOf } from "./subject";

const SENT = {
  message_id: "m1", profile_id: "p1", person: "Anna Lind", decision: "send", reason: "ok", channel: "email", medium: "email", template: "we_miss_you", purpose: "marketing", journey: "rescue", step: "mail", campaign: null, topic: null,
  address: "anna@customers.example", state: "delivered", at: "2026-05-13T07:00:00Z", sent_at: "2026-05-13T07:00:00Z", delivered_at: null, opened_at: null, clicked_at: null, error: null,
  lane: "bulk", priority: 0, attempts: 1, next_at: null, failure: null,
};
const DOUBT = { ...SENT, message_id: "m3", state: "uncertain", sent_at: null, error: "no answer after the data" };
const LEDGER = { total: 1, page: 1, in_doubt: 0, given_up: 0, sandboxes: [] };
const REFUSED = { ...SENT, message_id: "m2", profile_id: "p2", person: "Ben Ott", decision: "refuse", reason: "no_consent", address: null, state: null, sent_at: null };
const DECISION = { at: "2026-05-13T07:00:00Z", decided_at: "2026-05-13T08:00:00Z", until: null, channel: "email", template: "we_miss_you", journey: "rescue", step: "mail" };

it("lists what was not sent beside what was, each with its decision and reason", async () => {
  answering({ "/api/messages": { ...LEDGER, total: 2, rows: [SENT, REFUSED] } });
  const { container } = open("/messages");
  const row = (await screen.findByRole("link", { name: "Ben Ott" })).closest("tr") as HTMLElement;
  for (const said of ["Do not send", "No consent", "Not sent"]) expect(within(row).getByText(said)).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("asks for what the chips say, and takes them away one by one", async () => {
  const asked = answering({ "/api/messages": { ...LEDGER, rows: [REFUSED] } });
  open("/messages?decision=refuse&step=mail&since=7");
  await userEvent.click(await screen.findByRole("button", { name: "Take away: Step: Mail" }));
  await waitFor(() => {
    const last = new URL(asked.filter((one) => one.path.startsWith("/api/messages")).at(-1)?.path ?? "", "http://app.example").searchParams;
    expect(Object.fromEntries(last)).toEqual({ decision: "refuse", since: "2026-05-07T07:20:00.000Z", page: "1" });
  });
  expect(screen.queryByRole("button", { name: "Take away: Step: Mail" })).toBeNull();
});

it("says for which instant a message was decided, and which check stopped it", async () => {
  const checks = [
    { check: "definitions", passed: true, found: "template and channel are there", says: "The template and the channel are there." },
    { check: "consent", passed: false, found: "email.marketing: none", says: "The person never agreed to marketing by e-mail." },
  ];
  answering({
    "/api/messages": { ...LEDGER, rows: [REFUSED] },
    "/api/messages/m2": { message_id: "m2", message: REFUSED, decisions: [{ ...DECISION, decision: "refuse", reason: "no_consent", checks }], attempts: [], story: ["It was never queued."], happened: [] },
  });
  open("/messages/m2");
  expect(await screen.findByText("Decided for 13 May 2026, 09:00")).toBeTruthy();
  expect(screen.getByLabelText("stopped here").parentElement?.textContent).toBe("Consent The person never agreed to marketing by e-mail.");
  expect(screen.getByText("It was never queued.")).toBeTruthy();
});

it("shows each attempt on the workspace's clock, and asks what came of a message in doubt", async () => {
  const story = ["Attempt 1, 2026-05-13T07:01:00Z: in doubt, no answer after the data.", "Nobody knows whether anna@customers.example has it: no answer. Somebody has to look and say so."];
  const body = { message_id: "m3", message: DOUBT, decisions: [], attempts: [{ number: 1, at: "2026-05-13T07:01:00Z", outcome: "uncertain", said: "no answer", next_at: null }], story, happened: [] };
  const asked = answering({ "/api/messages": { ...LEDGER, in_doubt: 1, rows: [DOUBT] }, "/api/messages/m3": body, "/api/messages/m3/settle": body });
  open("/messages/m3");
  expect(await screen.findByText(/^Attempt 1, .*09:01: in doubt/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "It did not: We miss you to anna@customers.example" }));
  await userEvent.click(await screen.findByRole("button", { name: "Send it again" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/messages/m3/settle")?.body).toEqual({ went_out: false }));
});

it("lists what is in doubt and what was given up in tabs that say how many, and says that nothing goes out", async () => {
  const letter = { message_id: "m4", channel: "email", medium: "email", template: "we_miss_you", journey: null, step: null, address: "x@customers.example", failure: "transient", error: "it answered 503", attempts: 14, at: SENT.at, ended_at: SENT.at };
  const asked = answering({
    "/api/messages": { ...LEDGER, in_doubt: 1, given_up: 2, sandboxes: [{ channel: null, addresses: 0 }], rows: [DOUBT] },
    "/api/dead-letters": { total: 2, page: 1, rows: [letter] }, "/api/dead-letters/replay": { queued: 1, deferred: 0, refused: {}, alive: 0 },
  });
  const { container } = open("/messages?view=doubt");
  expect(await screen.findByText(/^Sending is in the sandbox: nobody gets messages/)).toBeTruthy();
  expect(await screen.findByRole("button", { name: "It went out: We miss you to anna@customers.example" })).toBeTruthy();
  expect(asked.some((one) => one.path.includes("state=uncertain"))).toBe(true);
  await userEvent.click(screen.getByRole("tab", { name: "Given up (2)" }));
  await userEvent.click(await screen.findByRole("button", { name: "Try again: We miss you to x@customers.example" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/dead-letters/replay")?.body).toEqual({ ids: ["m4"] }));
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("chooses a channel of the inbox by arrow keys", async () => {
  const asked = answering({ "/api/inbox": { total: 0, page: 1, rows: [] } });
  open("/inbox");
  (await screen.findByRole("tab", { name: "All" })).focus();
  await userEvent.keyboard("{ArrowLeft}");
  await waitFor(() => expect(asked.at(-1)?.path).toContain("channel=alert"));
  expect(screen.getByRole("tab", { selected: true }).textContent).toBe("Alert");
  expect(document.activeElement?.textContent).toBe("Alert");
});

it("puts instants of a sentence on the workspace's clock and cuts ids short", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "Europe/Berlin", now: "2026-07-25T01:00:00Z" });
  expect(toldIn("It is the person's quiet time, until 2026-07-25T06:00:00Z.", formats)).toBe("It is the person's quiet time, until today 08:00.");
  expect(toldIn("outbid by m_0123456789abcdef.", formats)).toBe("outbid by m_01234567….");
});

it("cuts a text between words and never inside an address", () => {
  const told = { subject: "", template: "winback_text", medium: "sms" };
  expect(subjectOf({ ...told, text: "Julia, see https://shop.example/s/c/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz now" })).toBe("Julia, see shop.example/… now");
  expect(subjectOf({ ...told, text: "Julia, your code BACK3RWHBJQR saves 15 % at the demo shop on everything you look at" })).toBe("Julia, your code BACK3RWHBJQR saves 15 % at the demo shop on …");
  expect(subjectOf({ ...told, text: "" })).toBe("Winback text");
  expect(subjectOf({ subject: "join Win back", text: "{}", template: null, medium: "ads" })).toBe("Join Win back");
});

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { foundWords } from "./found-words";
import { subjectOf } from "./subject";

const SENT = {
  message_id: "m1", profile_id: "p1", person: "Anna Lind", decision: "send", reason: "ok", channel: "email", medium: "email", template: "we_miss_you", purpose: "marketing", journey: "rescue", step: "mail", campaign: null, topic: null,
  address: "anna@customers.example", state: "delivered", at: "2026-05-13T07:00:00Z", sent_at: "2026-05-13T07:00:00Z", delivered_at: null, opened_at: null, clicked_at: null, error: null,
};
const REFUSED = { ...SENT, message_id: "m2", profile_id: "p2", person: "Ben Ott", decision: "refuse", reason: "no_consent", address: null, state: null, sent_at: null };
const DECISION = { at: "2026-05-13T07:00:00Z", decided_at: "2026-05-13T08:00:00Z", until: null, channel: "email", template: "we_miss_you", journey: "rescue", step: "mail" };

it("lists what was not sent beside what was, each with its decision and reason", async () => {
  answering({ "/api/messages": { total: 2, page: 1, rows: [SENT, REFUSED] } });
  const { container } = open("/messages");
  const row = (await screen.findByRole("link", { name: "Ben Ott" })).closest("tr") as HTMLElement;
  for (const said of ["Do not send", "No consent", "Not sent"]) expect(within(row).getByText(said)).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("asks for what the chips say, and takes them away one by one", async () => {
  const asked = answering({ "/api/messages": { total: 1, page: 1, rows: [REFUSED] } });
  open("/messages?decision=refuse&step=mail&since=7");
  await userEvent.click(await screen.findByRole("button", { name: "Take away: Step: Mail" }));
  await waitFor(() => {
    const last = new URL(asked.filter((one) => one.path.startsWith("/api/messages")).at(-1)?.path ?? "", "http://app.example").searchParams;
    expect(Object.fromEntries(last)).toEqual({ decision: "refuse", since: "2026-05-07T07:20:00.000Z", page: "1" });
  });
  expect(screen.queryByRole("button", { name: "Take away: Step: Mail" })).toBeNull();
});

it("says for which instant a message was decided, and which check stopped it", async () => {
  const checks = [{ check: "definitions", passed: true, found: "template and channel are there" }, { check: "consent", passed: false, found: "email.marketing: none" }];
  answering({ "/api/messages": { total: 1, page: 1, rows: [REFUSED] }, "/api/messages/m2": { message_id: "m2", message: REFUSED, decisions: [{ ...DECISION, decision: "refuse", reason: "no_consent", checks }], happened: [] } });
  open("/messages/m2");
  expect(await screen.findByText("Decided for 13 May 2026, 09:00")).toBeTruthy();
  expect(screen.getByLabelText("stopped here").parentElement?.textContent).toBe("Consent E-mail, marketing: never asked");
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

it("writes what a check found for people", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "Europe/Berlin", now: "2026-07-25T01:00:00Z" });
  expect(foundWords("quiet until 2026-07-25T06:00:00Z", formats)).toBe("quiet until today 08:00");
  expect(foundWords("3 per 604800s of email", formats)).toBe("at most 3 in 7 days by E-mail");
  expect(foundWords("1 per 86400s", formats)).toBe("at most 1 in 1 day");
  expect(foundWords("sms.marketing: denied", formats)).toBe("SMS, marketing: denied");
  expect(foundWords("unknown_template", formats)).toBe("unknown template");
});

it("cuts a text between words and never inside an address", () => {
  const told = { subject: "", template: "winback_text", medium: "sms" };
  expect(subjectOf({ ...told, text: "Julia, see https://shop.example/s/c/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz now" })).toBe("Julia, see shop.example/… now");
  expect(subjectOf({ ...told, text: "Julia, your code BACK3RWHBJQR saves 15 % at the demo shop on everything you look at" })).toBe("Julia, your code BACK3RWHBJQR saves 15 % at the demo shop on …");
  expect(subjectOf({ ...told, text: "" })).toBe("Winback text");
  expect(subjectOf({ subject: "join Win back", text: "{}", template: null, medium: "ads" })).toBe("Join Win back");
});

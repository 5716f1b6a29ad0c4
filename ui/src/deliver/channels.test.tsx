import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { fieldsOf, shownOf, writtenOf } from "./settings-schema";

const ROW = {
  key: "email", title: "Mail", uses: "sendgrid", medium: "email", documented: true, idempotent: false, state: "ready", problem: "", next_step: "", accepted: 1204, accepted_at: "2026-05-01T08:00:00Z",
  failed_at: null, error: "", receipts: 2310, received_at: "2026-05-01T08:01:00Z", unknown: 3, hook_url: "https://mail.shop.example/hooks/channels/email", rate: { messages: 600, seconds: 60 }, dead: 0,
  spec: { uses: "sendgrid", title: "Mail", settings: { api_key_secret: "grid" } }, kept_by: "app", revision: 2,
};
const SMS = { ...ROW, key: "sms", title: "sms", uses: "inbox_sms", medium: "sms", documented: false, state: "development", hook_url: null, rate: null, accepted: 0, accepted_at: null, spec: {}, kept_by: "nobody", revision: 0 };
const DEAD = { ...ROW, key: "texts", title: "Texts", uses: "twilio", medium: "sms", state: "failing", error: "it answered 503", dead: 2 };
const SCHEMA = {
  type: "object", required: ["api_key_secret"],
  properties: {
    base_url: { type: "string", default: "https://api.sendgrid.com", description: "Address of the API." },
    connections: { type: "integer", default: 8 }, allow_private: { type: "boolean", default: false },
    api_key_secret: { type: "string", description: "Name of the key." }, pool: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    security: { enum: ["starttls", "tls"], type: "string", default: "starttls" },
  },
};
const KINDS = [{ name: "sendgrid", medium: "email", idempotent: false, development: false, receives: true, settings: SCHEMA }, { name: "inbox_sms", medium: "sms", idempotent: true, development: true, receives: false, settings: {} }];
const ALL = { rows: [ROW, SMS, DEAD], kinds: KINDS, secrets: ["grid"] };

it("shows which channels work, and one with its receipts", async () => {
  answering({ "/api/channels": ALL });
  const { container } = open("/channels");
  const list = await screen.findByRole("list", { name: "Channels" });
  expect(within(list).getByText("Ready")).toBeTruthy();
  expect(within(list).getByText("Inbox only")).toBeTruthy();
  expect(within(list).getByText("It answered 503.")).toBeTruthy();
  within(list).getByRole("button", { name: "Mail" }).click();
  expect(await screen.findByText("https://mail.shop.example/hooks/channels/email")).toBeTruthy();
  expect(screen.getByText("600 messages in 60 s")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("sends a test and says what came of it", async () => {
  const asked = answering({ "/api/channels": ALL, "/api/channels/email/test": { outcome: "refused", error: "the sandbox does not list this address" }, "/api/channels/email/check": { ok: true, said: "SendGrid knows the key", next_step: "" } });
  open("/channels?channel=email");
  fireEvent.change(await screen.findByRole("textbox", { name: "To" }), { target: { value: "me@shop.example" } });
  screen.getByRole("button", { name: "Send the test" }).click();
  expect(await screen.findByText("It was not sent: the sandbox does not list this address.")).toBeTruthy();
  screen.getByRole("button", { name: "Ask the service" }).click();
  expect(await screen.findByText("SendGrid knows the key.")).toBeTruthy();
  expect(asked.find((one) => one.path === "/api/channels/email/test")?.body).toEqual({ to: "me@shop.example" });
});

it("puts what is wrong beside its field", async () => {
  answering({
    "/api/channels": ALL,
    "/api/channels/email": () => new Response(JSON.stringify({ error: { code: "BAD_VALUE", what: "settings are wrong" }, problems: [{ path: ["settings", "base_url"], code: "BAD_VALUE", what: "it is to be https", next_step: "", severity: "error" }] }), { status: 422 }),
  });
  open("/channels?channel=email");
  (await screen.findByRole("button", { name: "Change the settings" })).click();
  const dialog = await screen.findByRole("dialog");
  within(dialog).getByRole("button", { name: "Save the channel" }).click();
  await waitFor(() => expect(within(dialog).getByText("It is to be https.")).toBeTruthy());
});

it("tries again what was given up", async () => {
  answering({
    "/api/channels": ALL,
    "/api/dead-letters": { total: 2, page: 1, rows: [{ message_id: "m1", channel: "texts", medium: "sms", template: "t", journey: null, step: null, address: "+4917012345", failure: "transient", error: "it answered 503", attempts: 14, at: "2026-05-01T08:00:00Z", ended_at: "2026-05-02T08:00:00Z" }] },
    "/api/dead-letters/replay": { queued: 1, deferred: 0, refused: { no_consent: 1 }, alive: 0 },
  });
  open("/channels?channel=texts");
  expect(await screen.findByText(/every try failed, 14 of them/)).toBeTruthy();
  screen.getByRole("button", { name: "Try them again" }).click();
  const dialog = await screen.findByRole("dialog");
  within(dialog).getByRole("button", { name: "Try them again" }).click();
  expect(await screen.findByText(/1 are sent again · 1 may not go: no consent/)).toBeTruthy();
});

it("reads a form from the schema of settings, and writes what is said beyond the usual", () => {
  const fields = fieldsOf(SCHEMA, ["grid"]);
  expect(fields.map((one) => [one.name, one.kind, one.required])).toEqual([
    ["api_key_secret", "secret", true], ["base_url", "text", false], ["connections", "number", false], ["allow_private", "switch", false], ["pool", "text", false], ["security", "choice", false],
  ]);
  const shown = shownOf(fields, { api_key_secret: "grid", colour: "red", connections: 4 });
  expect(shown).toEqual({ api_key_secret: "grid", base_url: "https://api.sendgrid.com", connections: 4, allow_private: false, pool: null, security: "starttls" });
  expect(writtenOf(fields, { ...shown, pool: "bulk" }, { colour: "red", connections: 4 })).toEqual({ colour: "red", api_key_secret: "grid", connections: 4, pool: "bulk" });
});

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const COUNTS = { in: 0, done: 0, here: 0, sent: 0, refused: 0, deferred: 0 };
const STEP = { says: "", next: null, then: null, else: null, content: {}, counts: COUNTS, passed: {}, refused: {}, deferred: {}, outcomes: {} };
const CART = {
  key: "abandoned_cart", title: "Abandoned cart", description: "Remind people of what they left.", enters: "Each time: who does Product Added", holdout: 0.1, channels: ["email"], there: false,
  steps: [{ ...STEP, key: "reminder", kind: "send", title: "Reminder", ways: { next: "finish" } }, { ...STEP, key: "finish", kind: "end", title: "Done", ways: {} }],
  parts: [{ kind: "journey", key: "abandoned_cart", there: false }, { kind: "template", key: "cart_reminder", there: true }],
};
const READY = { rows: [CART, { ...CART, key: "onboarding", title: "Onboarding", there: true, channels: [] }] };
const USED = { key: "abandoned_cart", saved: ["journey abandoned_cart"], kept: ["template cart_reminder"] };

it("offers the ready journeys with who enters, their steps and channels", async () => {
  answering({ "/api/ready-journeys": READY, "/api/journey-drafts": { rows: [] } });
  const { container } = open("/journeys/new");
  const items = within(await screen.findByRole("list", { name: "Ready journeys" })).getAllByRole("listitem");
  expect(items.map((one) => within(one).getByRole("link").textContent)).toEqual(["Abandoned cart", "Onboarding"]);
  expect(items[0]?.textContent).toContain("who does Product Added");
  expect(items[0]?.textContent).toContain("2 steps · E-mail");
  expect(items[1]?.textContent).toContain("In the workspace");
  expect(items[1]?.textContent).toContain("no messages");
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("shows what one brings and what stays before it is used, and opens it", async () => {
  const asked = answering({ "/api/ready-journeys": READY, "/api/ready-journeys/abandoned_cart": USED });
  open("/journeys/new?ready=abandoned_cart");
  const parts = await screen.findByRole("table", { name: "Documents" });
  expect(within(parts).getByText("there already, stays as it is")).toBeTruthy();
  expect(asked.some((one) => one.path.includes("backtest"))).toBe(false);
  fireEvent.click(screen.getByRole("button", { name: "Use this journey" }));
  expect(await screen.findByText(/Stayed as it was: template cart_reminder/)).toBeTruthy();
  expect(asked.some((one) => one.path === "/api/ready-journeys/abandoned_cart" && one.body !== undefined)).toBe(true);
  await waitFor(() => { expect(asked.some((one) => one.path === "/api/journeys/abandoned_cart")).toBe(true); });
});

it("opens the one that is there, and says why one was refused", async () => {
  answering({
    "/api/ready-journeys": READY,
    "/api/ready-journeys/abandoned_cart": () => new Response(JSON.stringify({ error: { code: "FILE_TAKEN", what: "the workspace has it already" } }), { status: 409 }),
  });
  const { unmount } = open("/journeys/new?ready=onboarding");
  expect((await screen.findByRole("link", { name: "Open the journey" })).getAttribute("href")).toBe("/journeys/onboarding");
  unmount();
  open("/journeys/new?ready=abandoned_cart");
  fireEvent.click(await screen.findByRole("button", { name: "Use this journey" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The workspace has it already");
});

it("begins a draft under a name that is free", async () => {
  const asked = answering({
    "/api/ready-journeys": READY, "/api/journeys": { rows: [] }, "/api/journey-drafts": { rows: [{ key: "taken", spec: {}, lacks: [], changed_at: "2026-07-01T00:00:00Z" }] },
    "/api/journey-drafts/first_order": { key: "first_order", spec: { title: "First order", steps: [] }, lacks: [], changed_at: "2026-07-01T00:00:00Z" },
  });
  open("/journeys/new");
  const name = await screen.findByLabelText(/Name/);
  const button = screen.getByRole("button", { name: "Begin a draft" }) as HTMLButtonElement;
  fireEvent.change(name, { target: { value: "Taken" } });
  expect(await screen.findByText("There is a journey or a draft of this name already.")).toBeTruthy();
  expect(button.disabled).toBe(true);
  fireEvent.change(name, { target: { value: "First order" } });
  fireEvent.click(button);
  expect(await screen.findByRole("heading", { name: "First order" })).toBeTruthy();
  expect(asked.find((one) => one.path === "/api/journey-drafts/first_order" && one.body)?.body).toEqual({ spec: { title: "First order", steps: [] } });
});

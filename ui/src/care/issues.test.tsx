import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const KIND = { key: "late", title: "Delivery late", severity: "high", says: "An order has not arrived", clears: null, answers: "late_delivery", open: 1, cleared: 4, lapsed: 0, median_hours: 31.5 };
const ROW = { issue_id: "i1", issue: "late", title: "Delivery late", person: "Hannah Lindner", profile_id: "p1", severity: "high", arm: "treated", state: "open", detected_at: "2026-05-12T07:00:00Z", ended_at: null, case_id: "c1" };
const READY = { key: "failed_payment", title: "Payment failed", description: "A payment was refused." };

it("shows what is looked for and whom it was found for", async () => {
  const asked = answering({ "/api/issues/kinds": { rows: [KIND], ready: [] }, "/api/issues": { total: 2, page: 1, rows: [ROW, { ...ROW, issue_id: "i2", case_id: null, arm: "held_out" }] } });
  open("/issues");
  expect((await screen.findAllByText("Hannah Lindner")).length).toBe(2);
  expect(screen.getByRole("link", { name: "Open the case" }).getAttribute("href")).toBe("/cases/c1");
  expect(screen.getByText("held out")).toBeTruthy();
  expect(screen.getByText("31.5")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Delivery late" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/api/issues?") && one.path.includes("issue=late"))).toBe(true));
});

it("begins with a ready issue where nothing is looked for", async () => {
  const asked = answering({ "/api/issues/kinds": { rows: [], ready: [READY] }, "/api/issues/ready/failed_payment": { key: "failed_payment", revision: 1, file: "", problems: [] } });
  open("/issues");
  expect(await screen.findByText("Nothing is looked for yet")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Look for it" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/api/issues/ready/failed_payment"))).toBe(true));
});

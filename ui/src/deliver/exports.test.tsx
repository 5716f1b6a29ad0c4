import { screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const FILE = {
  key: "vips", title: "VIPs for the shop", description: "The best customers", segment: "vips", way: "file", target: "exports/vips.parquet", every: "1d", fields: ["user_id"], state: "ok",
  done_at: "2026-05-01T08:00:00Z", next_at: null, error: "", told: 312, waiting: 0, refused: 0, left_out: { no_consent: 4, restricted: 1 },
};
const SERVER = { ...FILE, key: "crm", title: "CRM", description: null, way: "webhook", target: "crm.example", every: null, state: "failing", done_at: null, error: "The server answers 503.", told: 0, waiting: 12, left_out: {} };

it("lists exports with how they stand, and shows one with who is left out", async () => {
  answering({ "/api/exports": { rows: [FILE, SERVER] } });
  const { container } = open("/exports");
  const table = await screen.findByRole("table", { name: "Exports" });
  expect(within(table).getByText("a file, every 1 day")).toBeTruthy();
  expect(within(table).getByText("The server answers 503.")).toBeTruthy();
  expect(within(table).getByText("Failing")).toBeTruthy();
  within(table).getByRole("button", { name: "VIPs for the shop" }).click();
  expect(await screen.findByText("No consent")).toBeTruthy();
  expect(screen.getByText("4 people")).toBeTruthy();
  expect(screen.getByText("profile_id, user_id")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("says why an export fails, and that nothing is lost", async () => {
  answering({ "/api/exports": { rows: [FILE, SERVER] } });
  open("/exports?export=crm");
  expect((await screen.findByRole("alert")).textContent).toContain("The server answers 503.");
  expect(screen.getByText("at every entry and exit")).toBeTruthy();
});

it("says how to begin when there is none", async () => {
  answering({ "/api/exports": { rows: [] } });
  open("/exports");
  expect(await screen.findByRole("heading", { name: "No exports yet" })).toBeTruthy();
});

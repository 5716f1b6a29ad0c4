import { screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const PETS = {
  key: "pets", description: "Pets of our customers", owner: "Practice", link: "user_id", columns: ["species", "weight"], mode: "replace", every: "7d", rows: 120, people: 80, accounts: 0,
  changed_at: "2026-05-01T08:00:00Z", overdue: true, file: "tables/pets.yaml",
};
const ROWS = { rows: [{ table: "pets", key: "1", profile_id: "p_1", account_id: null, since: "2026-05-01T08:00:00Z", row: { species: "dog", weight: 12.5, indoor: true, born: null } }] };

it("lists own tables, and shows one with its rows", async () => {
  answering({ "/api/tables": { tables: [PETS, { ...PETS, key: "cards", description: null, link: "account", overdue: false, changed_at: null }] }, "/api/tables/pets/rows": ROWS });
  const { container } = open("/tables?table=pets");
  const table = await screen.findByRole("table", { name: "Own tables" });
  expect(within(table).getByRole("button", { name: "cards" })).toBeTruthy();
  expect(await screen.findByText("species dog · weight 12.5 · indoor yes")).toBeTruthy();
  expect(screen.getByText("every 7 days")).toBeTruthy();
  expect(screen.getByText("Overdue")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("says how to begin when there is none", async () => {
  answering({ "/api/tables": { tables: [] } });
  open("/tables");
  expect(await screen.findByRole("heading", { name: "No own tables yet" })).toBeTruthy();
});

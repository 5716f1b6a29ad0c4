import { render, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { Spark } from "@/components/spark";
import { personName } from "@/components/person-name";
import { formatsFor } from "@/formats/formats";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { intervalWords } from "./interval-words";

const RATE = {
  key: "repeat_rate", title: "Repeat rate", description: "Who came back.", unit: "rate", direction: "up", measure: "event", target: 0.4, origin: "built-in",
  value: 0.296, low: 0.27, high: 0.324, exact: false, period: "2026-04", previous: 0.349, change: -0.053, change_low: -0.09, change_high: -0.01, real: true, better: false, reason: "",
};
const COUNT = { ...RATE, key: "orders", title: "Orders", unit: "count", target: null, value: 1080, low: null, high: null, exact: true, previous: 1164, change: -84, change_low: null, change_high: null, real: null };
const NONE = { ...COUNT, key: "clv", title: "Lifetime value", value: null, exact: false, period: null, previous: null, change: null, better: null, reason: "no_data" };

it("shows in the list of KPIs what each stands at, how sure that is, and how it moved", async () => {
  answering({ "/api/kpis": { level: 0.9, rows: [RATE, COUNT, NONE] } });
  const { container } = open("/kpis");
  const cells = (title: string) => [...(screen.getByRole("link", { name: title }).closest("tr")?.cells ?? [])].map((cell) => cell.textContent?.replaceAll("\u00a0", " ") ?? "");
  await screen.findByRole("link", { name: "Repeat rate" });
  expect(screen.getByRole("columnheader", { name: /^90.% interval/ })).toBeTruthy();
  expect(cells("Repeat rate").slice(1, 6)).toEqual(["29.6 %", "27.0–32.4 %", "Apr", "down, worse 5.3 pts", "40.0 %"]);
  expect(cells("Orders").slice(1, 5)).toEqual(["1,080", "exact", "Apr", "down, worse 84"]);
  expect(cells("Lifetime value").slice(1, 5)).toEqual(["Not yet", "–", "No data", "–"]);
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("calls exact only what was counted", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "Europe/Berlin", now: "2026-05-14T07:20:00Z" });
  const one = { value: 0.5, low: null, high: null, exact: false };
  expect(intervalWords(one, "rate", formats)).toBe("no interval");
  expect(intervalWords({ ...one, exact: true }, "count", formats)).toBe("exact");
  expect(intervalWords({ ...one, value: null }, "rate", formats)).toBe("–");
});

it("draws no trend through fewer than three points, and says so", () => {
  const points = [0.1, 0.2, 0.3].map((value) => ({ value, low: null, high: null }));
  const { container, rerender } = render(<Spark points={points.slice(1)} />);
  expect(within(container).getByText("Trend not yet")).toBeTruthy();
  rerender(<Spark points={points} />);
  expect(within(container).queryByText("Trend not yet")).toBeNull();
  expect(container.querySelector("svg path")).toBeTruthy();
});

it("calls a person by the best that is known, the same everywhere", () => {
  const row = { profile_id: "p_791efaa0ae4db4cc2826", name: null, email: null, user_id: null };
  expect(personName(row)).toBe("Person p_791efa");
  expect(personName({ ...row, user_id: "u1" })).toBe("u1");
  expect(personName({ ...row, user_id: "u1", email: "a@shop.example" })).toBe("a@shop.example");
  expect(personName({ ...row, name: "Ada", email: "a@shop.example" })).toBe("Ada");
});

import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { purposeOf, whyOf } from "./words";

const MAIL = {
  name: "email.marketing", title: "Offers by e-mail", basis: "consent", described: true, wording: "2026-01", text: "We write to you about new things.", expires_after: "24mo", double_opt_in: true, on_page: true,
  granted: 1200, denied: 80, expired: 3, pending: 12, none: 400,
};
const PROFILING = { ...MAIL, name: "profiling", title: "profiling", basis: "legitimate_interest", text: null, wording: null, double_opt_in: false, granted: 0, denied: 5, expired: 0 };

it("shows what people are asked, on which ground and how many said what", async () => {
  answering({ "/api/consents/purposes": { rows: [MAIL, PROFILING] } });
  const { container } = open("/consents?purpose=email.marketing");
  const table = await screen.findByRole("table", { name: "Purposes" });
  expect(within(table).getByText("1,200")).toBeTruthy();
  expect(screen.getByText("We write to you about new things.")).toBeTruthy();
  expect(screen.getByText("1,200 of 1,283 who spoke")).toBeTruthy();
  expect(screen.getByText("24 months after it was given")).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
  await userEvent.click(within(table).getByRole("button", { name: "Profiling" }));
  expect(await screen.findByText(/Done unless the person objects/)).toBeTruthy();
});

it("says what belongs here when there is no purpose", async () => {
  answering({ "/api/consents/purposes": { rows: [] } });
  open("/consents");
  expect(await screen.findByRole("heading", { name: "No purposes yet" })).toBeTruthy();
});

it("calls purposes and reasons by words", () => {
  expect([purposeOf("sms.transactional"), purposeOf("profiling"), whyOf("objected"), whyOf("something_new")]).toEqual(["SMS, transactional", "Profiling", "objected", "something new"]);
});

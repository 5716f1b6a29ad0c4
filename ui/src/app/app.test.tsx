import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const CASE = {
  case_id: "c1", title: "Call the customer", person: "Hannah Lindner", profile_id: "p1", state: "open", priority: "high", late: true, owner: null, reason: "No reaction",
  opened_at: "2026-05-12T07:00:00Z", due_at: "2026-05-13T07:00:00Z", closed_at: null, outcome: null, journey: null, step: null, value_at_risk: 212, version: 3,
};

it("says what belongs on an empty page", async () => {
  answering({ "/api/people": { total: 0, page: 1, rows: [] } });
  open("/people");
  expect(await screen.findByText("Nobody yet")).toBeTruthy();
});

it("names the filter that found nothing, and clears it", async () => {
  answering({ "/api/people": { total: 0, page: 1, rows: [] } });
  open("/people?q=zzz");
  expect(await screen.findByText(/begins with “zzz”/)).toBeTruthy();
  await userEvent.click(screen.getAllByRole("button", { name: "Clear filters" })[0] as HTMLElement);
  expect(await screen.findByText("Nobody yet")).toBeTruthy();
});

it("tells an error with its code and next step, and keeps the shell", async () => {
  answering({});
  open("/people/nobody");
  const alert = await screen.findByRole("alert");
  expect(within(alert).getByText("There is no such thing.")).toBeTruthy();
  expect(within(alert).getByText("Look at the list.")).toBeTruthy();
  expect(within(alert).getByText(/UNKNOWN/)).toBeTruthy();
  expect(screen.getByRole("navigation", { name: "Main" })).toBeTruthy();
});

it("closes a case with its outcome and version", async () => {
  const asked = answering({
    "/api/cases": { total: 1, page: 1, rows: [CASE] }, "/api/cases/c1": { ...CASE, history: [] }, "/api/cases/c1/close": { ...CASE, history: [], state: "closed", outcome: "solved" },
  });
  open("/cases/c1");
  await userEvent.click(await screen.findByRole("combobox", { name: "Outcome" }));
  await userEvent.click(await screen.findByRole("option", { name: "Solved" }));
  await userEvent.click(screen.getByRole("button", { name: "Close case" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/cases/c1/close")?.body).toMatchObject({ outcome: "solved", version: 3 }));
  expect(await screen.findByText("Case closed.")).toBeTruthy();
});

it("finds pages by keyboard", async () => {
  answering({ "/api/people": { total: 0, page: 1, rows: [] } });
  open("/people");
  await screen.findByText("Nobody yet");
  await userEvent.keyboard("{Control>}k{/Control}");
  await userEvent.type(await screen.findByRole("combobox", { name: /Search people/ }), "segm");
  await userEvent.keyboard("{Enter}");
  expect(await screen.findByText("No segments yet")).toBeTruthy();
});

it("has no faults of access in its list of cases", async () => {
  answering({ "/api/cases": { total: 1, page: 1, rows: [CASE] } });
  const { container } = open("/cases");
  await screen.findByText("Call the customer");
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

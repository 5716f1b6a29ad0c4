import { fireEvent, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { linesOf } from "./draft-text";

const LACK = { path: ["steps", 1, "send"], code: "UNKNOWN", what: "there is no template called mail_two", next_step: "Write it.", severity: "error", line: null };
const SPEC = { title: "Welcome", trigger: { event: "Signed Up" }, steps: [{ key: "one", send: "mail" }, { key: "two", send: "mail_two" }] };
const DRAFT = { key: "welcome", spec: SPEC, changed_at: "2026-07-01T00:00:00Z", lacks: [LACK] };
const IN_FORCE = { key: "welcome", spec: SPEC, kept_by: "app", revision: 3, file: "journeys/welcome.yaml" };
const PATH = "/api/journey-drafts/welcome";

/** Answers by the method that is asked with. */
const by = (answers: Record<string, () => Response>) => {
  const before = fetch;
  globalThis.fetch = ((input: string, options?: RequestInit) => {
    const found = answers[`${options?.method ?? "GET"} ${new URL(input, "http://app.example").pathname}`];
    return found ? before(input, options).then(found) : before(input, options);
  }) as typeof fetch;
};
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

const text = () => screen.findByLabelText("Journey as YAML") as Promise<HTMLTextAreaElement>;
const button = (name: string) => screen.getByRole("button", { name }) as HTMLButtonElement;

it("finds the line of what is missing, or of the nearest part that is there", () => {
  const written = "title: Welcome\nsteps:\n  - key: one\n  - key: two\n    send: mail_two\n";
  const at = (...path: (string | number)[]) => linesOf(written, [{ ...LACK, path } as never])[0];
  expect([at("steps", 1, "send"), at("steps", 1, "else"), at("steps", 0), at("steps"), at("goal"), at()]).toEqual([5, 4, 3, 2, 1, 1]);
});

it("shows what a draft lacks, goes to its line, and publishes nothing before it is there", async () => {
  answering({ [PATH]: DRAFT, "/api/journeys/welcome/document": IN_FORCE });
  const { container } = open("/journeys/welcome/draft");
  const box = await text();
  expect(screen.getByText("There is no template called mail_two.")).toBeTruthy();
  expect(button("Publish").disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: /^Line \d+$/ }));
  expect(box.value.slice(box.selectionStart, box.selectionEnd)).toContain("mail_two");
  expect(document.activeElement).toBe(box);
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("saves what is written loosely, and publishes it against the version that was opened", async () => {
  const asked = answering({ [PATH]: DRAFT, "/api/journeys/welcome/document": IN_FORCE, [`${PATH}/publish`]: { key: "welcome", revision: 4, file: "", problems: [] } });
  by({ [`PUT ${PATH}`]: () => json({ ...DRAFT, lacks: [] }) });
  open("/journeys/welcome/draft");
  const box = await text();
  fireEvent.change(box, { target: { value: "title: [" } });
  expect(button("Save the draft").disabled).toBe(true);
  fireEvent.change(box, { target: { value: "title: Welcome back\nsteps:\n  - {key: one, send: mail}\n" } });
  expect(button("Publish").title).toBe("Save the draft first.");
  fireEvent.click(button("Save the draft"));
  expect(await screen.findByText("Nothing: it can be published.")).toBeTruthy();
  expect(asked.find((one) => one.path === PATH && one.body)?.body).toEqual({ spec: { title: "Welcome back", steps: [{ key: "one", send: "mail" }] } });
  fireEvent.click(button("Publish"));
  const dialog = await screen.findByRole("dialog");
  fireEvent.click(within(dialog).getByRole("button", { name: "Publish the draft" }));
  expect(await screen.findByText("Version 4 is published.")).toBeTruthy();
  expect(asked.some((one) => one.path === `${PATH}/publish?revision=3`)).toBe(true);
});

it("says all that is wrong where publishing is refused", async () => {
  answering({ [PATH]: { ...DRAFT, lacks: [] }, "/api/journeys/welcome/document": IN_FORCE, [`${PATH}/publish`]: () => json({ error: { code: "INVALID", what: "it is not complete" }, problems: [LACK] }, 422) });
  open("/journeys/welcome/draft");
  await text();
  fireEvent.click(button("Publish"));
  fireEvent.click(await screen.findByRole("button", { name: "Publish the draft" }));
  expect((await screen.findAllByText("There is no template called mail_two.")).length).toBe(1);
});

it("begins with what is in force where there is no draft, and reads what people keep in files", async () => {
  answering({ "/api/journeys/welcome/document": IN_FORCE });
  const { unmount } = open("/journeys/welcome/draft");
  expect((await text()).value).toContain("mail_two");
  expect(screen.getByText("No draft yet")).toBeTruthy();
  unmount();
  answering({ "/api/journeys/welcome/document": { ...IN_FORCE, kept_by: "files" } });
  open("/journeys/welcome/draft");
  expect((await text()).readOnly).toBe(true);
  expect(screen.getByRole("button", { name: "Copy into a draft" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Publish" })).toBeNull();
});

it("lists drafts with what is missing, and discards one after asking", async () => {
  const asked = answering({ "/api/journey-drafts": { rows: [DRAFT] }, [PATH]: DRAFT });
  open("/journeys");
  const table = await screen.findByRole("table", { name: "Drafts" });
  expect(within(table).getByRole("link", { name: "Welcome" }).getAttribute("href")).toBe("/journeys/welcome/draft");
  expect(within(table).getByText("There is no template called mail_two.")).toBeTruthy();
  by({ [`DELETE ${PATH}`]: () => new Response(null, { status: 204 }) });
  fireEvent.click(within(table).getByRole("button", { name: "Discard the draft Welcome" }));
  fireEvent.click(await screen.findByRole("button", { name: "Discard the draft" }));
  expect(await screen.findByText("The draft of Welcome is gone.")).toBeTruthy();
  expect(asked.some((one) => one.path === PATH)).toBe(true);
});

it("says that there is neither a draft nor a journey", async () => {
  answering({});
  open("/journeys/nothing/draft");
  expect((await screen.findByRole("alert")).textContent).toContain("There is no such thing");
});

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { lineRange, markupOf, placeOf, placeWords, saidOf, textOf, withLanguage, withoutLanguage, withText } from "./template-text";

const ROW = {
  key: "hello", title: "Hello", description: "The first mail.", media: ["email", "sms"], languages: ["en", "de"], used_by: [{ name: "journey welcome", purpose: "marketing" }], doubts: 2, sent: 122, last_sent_at: null, kept_by: "app",
};
const DOUBT = { path: ["html"], code: "IMAGE_WITHOUT_ALT", what: "html: a picture has no words for those who do not see it", next_step: "Write alt.", severity: "warning", line: 2 };
const SPEC = { title: "Hello", language: "en", subject: "Hi", html: "<p>One</p>\n<img src='x'>\n", sms: "Hi", languages: { de: { subject: "Hallo" } } };
const BODY = { key: "hello", revision: 3, kept_by: "app", file: "templates/hello.yaml", spec: SPEC, yaml: "", doubts: [DOUBT] };
const LOOK = {
  person: "p1", name: "Anna Lind", medium: "email", language: "en", wanted: "fr", to: "anna@customers.example", subject: "Hi", text: "One", html_url: "/api/templates/looks/l1/html", weight_bytes: 3000, sms: null,
  missing: [{ name: "person.shoe_size", guarded: false }], blocks: { vip: false }, sample: ["offer"], topics: { "https://a.example/": "sale" }, error: null, doubts: [DOUBT],
};

it("lists who sends what, and what is to be looked at", async () => {
  answering({ "/api/templates": { rows: [ROW] } });
  const { container } = open("/templates");
  const row = (await screen.findByRole("link", { name: "Hello" })).closest("tr") as HTMLElement;
  for (const said of ["mail, text message", "en, de", "122", "never", "2 to look at"]) expect(within(row).getByText(said)).toBeTruthy();
  expect(within(row).getByRole("link", { name: "welcome" }).getAttribute("href")).toBe("/journeys/welcome");
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
});

it("shows a real person's mail beside the text, and leads to the line that is doubtful", async () => {
  const asked = answering({ "/api/templates/hello": BODY, "/api/templates/look": LOOK });
  const { container } = open("/templates/hello");
  const mail = await screen.findByTitle("Mail: Hi");
  expect(mail.getAttribute("src")).toBe("/api/templates/looks/l1/html?scheme=light");
  expect(mail.getAttribute("sandbox")).not.toContain("allow-scripts");
  for (const said of ["en, the person reads fr", "vip: not seen", "sale", /person.shoe_size \(a gap\)/]) expect(screen.getByText(said)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Mail, HTML, line 2" }));
  const area = screen.getByLabelText<HTMLTextAreaElement>("Mail, HTML");
  expect(document.activeElement).toBe(area);
  expect(area.value.slice(area.selectionStart, area.selectionEnd)).toBe("<img src='x'>");
  await userEvent.click(screen.getByRole("radio", { name: "Dark" }));
  expect(screen.getByTitle("Mail: Hi").getAttribute("src")).toContain("scheme=dark");
  const found = await axe.run(container, { iframes: false, rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((one) => one.id)).toEqual([]);
  fireEvent.change(area, { target: { value: "<p>Two</p>" } });
  await waitFor(() => expect(asked.filter((one) => one.path.endsWith("/look")).at(-1)?.body).toMatchObject({ key: "hello", spec: { html: "<p>Two</p>" }, channel: "email" }));
});

it("saves the revision that was opened, and only where it is the app's", async () => {
  const asked = answering({ "/api/templates/hello": BODY, "/api/templates/look": LOOK });
  open("/templates/hello");
  fireEvent.change(await screen.findByLabelText("Topic"), { target: { value: "news" } });
  await userEvent.click(screen.getByRole("button", { name: "Save the template" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/templates/hello?revision=3")?.body).toMatchObject({ spec: { topic: "news", subject: "Hi" } }));
});

it("reads what people keep in files, without a way to save", async () => {
  answering({ "/api/templates/hello": { ...BODY, kept_by: "files" }, "/api/templates/look": { ...LOOK, error: "the template needs product.name, which is not there for this person" } });
  open("/templates/hello");
  expect(await screen.findByText(/People keep it in the file templates\/hello.yaml/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Save the template" })).toBeNull();
  expect((await screen.findByRole("alert")).textContent).toContain("needs product.name");
});

it("puts texts where they belong", () => {
  const german = withText(withLanguage({ subject: "a", html: "b" }, "de"), "de", "subject", "c");
  expect(german).toEqual({ subject: "a", html: "b", languages: { de: { subject: "c" } } });
  expect([textOf(german, "de", "subject"), textOf(german, "de", "html"), markupOf(german)]).toEqual(["c", "", "html"]);
  expect(withText(german, "de", "subject", "")).toEqual({ subject: "a", html: "b", languages: { de: {} } });
  expect(withoutLanguage(german, "de")).toEqual({ subject: "a", html: "b" });
  expect(markupOf({ languages: { de: { mjml: "x" } } })).toBe("mjml");
});

it("says where a problem stands", () => {
  const doubt = { ...DOUBT, severity: "warning" as const };
  expect([placeWords(doubt), saidOf(doubt)]).toEqual(["Mail, HTML, line 2", "A picture has no words for those who do not see it"]);
  expect(placeOf({ ...doubt, path: ["languages", "de", "sms"] })).toEqual({ language: "de", field: "sms" });
  expect(placeWords({ ...doubt, path: [], line: null })).toBe("The whole template");
  expect(lineRange("ab\ncd\ne", 2)).toEqual([3, 5]);
  expect(lineRange("ab", 9)).toEqual([2, 2]);
});

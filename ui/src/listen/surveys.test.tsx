import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { added, freeKey, removed, renamed, shifted } from "./question-moves";
import { languagesOf, questionsOf, saidAt, withLanguage, withoutLanguage, withSaid, type Spec } from "./survey-spec";

const QUESTIONS = [
  { key: "recommend", type: "nps", ask: { en: "How likely?", de: "Wie wahrscheinlich?" }, required: true },
  { key: "why", type: "text", ask: { en: "Why?", de: "Warum?" }, when: { recommend: { lte: 6 } } },
  { key: "liked", type: "choice", several: true, ask: { en: "What did you like?", de: "Was gefiel?" }, options: [{ key: "price", label: { en: "The price", de: "Der Preis" } }, { key: "speed", label: { en: "The speed", de: "Das Tempo" } }] },
];
const SPEC = { title: { en: "Recommend us?", de: "Empfehlen?" }, questions: QUESTIONS };
const ROW = {
  key: "nps", title: "Recommend us?", measure: "nps", questions: 3, languages: ["en", "de"], touchpoint: "delivery", anonymous: false, kept_by: "app", state: "asking", asked: 400, answered: 122, answered_asked: 100,
  response: { score: 0.25, low: 0.216, high: 0.287 }, complete: 110, last_answer_at: "2026-05-14T06:20:00Z", score: { score: 31.2, low: 24.1, high: 38.4, unit: "points", n: 122 }, asked_by: [{ key: "after_order", title: "After an order" }],
};
const BODY = { ...ROW, revision: 4, file: "surveys/nps.yaml", spec: SPEC, yaml: "", asked_questions: [], doubts: [] };
const field = (name: string, kind: string, fixed: unknown = null) => ({ name, title: name, kind, description: "", choices: [], fixed, required: false });
const TYPES = {
  rows: [
    { name: "nps", title: "Recommendation", description: "0 to 10", scored: true, fields: [field("hint", "text")], example: { ask: "New question: nps" } },
    { name: "text", title: "Text", description: "Words", scored: false, fields: [field("lines", "whole", 4)], example: { ask: "New question: text" } },
    { name: "choice", title: "Choice", description: "One of a list", scored: false, fields: [{ ...field("options", "options"), required: true }, field("several", "flag", false)], example: { ask: "New question: choice", options: [{ key: "option_1", label: "Option 1" }, { key: "option_2", label: "Option 2" }] } },
  ],
};
const LOOK = { problems: [], html_url: "/api/surveys/looks/l1/html", screens: ["recommend", "why", "liked"], languages: ["en", "de"], questions: QUESTIONS.map((one) => ({ key: one.key, type: one.type, ask: "", required: false, when: one.when ? "when recommend is at most 6" : null })) };
const PATHS = { "/api/surveys/nps": BODY, "/api/surveys/types": TYPES, "/api/surveys/look": LOOK };

const clean = async (container: HTMLElement) => (await axe.run(container, { iframes: false, rules: { "color-contrast": { enabled: false } } })).violations.map((one) => one.id);

it("lists surveys with their score and how many answered, each with its interval", async () => {
  answering({ "/api/surveys": { rows: [ROW, { ...ROW, key: "new", title: "New one", state: "unused", score: null, response: null, asked: 0, answered: 0, last_answer_at: null, asked_by: [] }], ready: [] } });
  const { container } = open("/surveys");
  const row = (await screen.findByRole("link", { name: "Recommend us?" })).closest("tr") as HTMLElement;
  for (const said of ["Asking", "31", /NPS, 24–38/, /21.6–28.7/]) expect(within(row).getByText(said)).toBeTruthy();
  expect(within(row).getByRole("link", { name: "After an order" }).getAttribute("href")).toBe("/journeys/after_order");
  expect(screen.getByText("not yet")).toBeTruthy();
  expect(await clean(container)).toEqual([]);
});

it("begins with a ready survey under its own key, so that ready journeys ask it", async () => {
  const ready = { key: "csat", title: "How was our help?", description: "After a ticket.", languages: ["en", "de"], questions: 3, measure: "csat", spec: SPEC, there: false };
  const asked = answering({ "/api/surveys": { rows: [], ready: [ready] }, "/api/surveys/types": TYPES, "/api/surveys/look": LOOK, "/api/surveys/csat": { key: "csat", revision: 1, file: "", problems: [] } });
  open("/surveys/new");
  await userEvent.click(await screen.findByRole("link", { name: "How was our help?" }));
  await userEvent.click(await screen.findByRole("button", { name: "Save the survey" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/surveys/csat?revision=0")?.body).toMatchObject({ spec: { questions: QUESTIONS } }));
});

it("builds: texts by language, branches as sentences, options, and saves the revision that was opened", async () => {
  const asked = answering(PATHS);
  const { container } = open("/surveys/nps?tab=build");
  const preview = await screen.findByTitle("Preview of Recommend us?");
  expect(preview.getAttribute("sandbox")).toBe("");
  expect(preview.getAttribute("src")).toContain("screen=1");
  await userEvent.click(screen.getByRole("button", { name: /2\. Why/ }));
  expect(screen.getByText(/when recommend is at most 6/)).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Value"), { target: { value: "8" } });
  fireEvent.change(screen.getByLabelText(/^Question/, { selector: "textarea" }), { target: { value: "Why not?" } });
  await userEvent.click(screen.getByRole("button", { name: "Next" }));
  expect(screen.getByTitle("Preview of Recommend us?").getAttribute("src")).toContain("screen=2");
  expect(await clean(container)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: /3\. What did you like/ }));
  await userEvent.click(screen.getByRole("button", { name: "Add an option" }));
  await userEvent.click(screen.getByRole("button", { name: "Save the survey" }));
  await waitFor(() => expect(asked.some((one) => one.path === "/api/surveys/nps?revision=4")).toBe(true));
  const { spec } = asked.find((one) => one.path === "/api/surveys/nps?revision=4")?.body as { spec: typeof SPEC };
  expect(spec.questions[1]).toMatchObject({ ask: { en: "Why not?", de: "Warum?" }, when: { recommend: { lte: 8 } } });
  expect(spec.questions[2]?.options).toHaveLength(3);
});

it("moves questions by keyboard, adds from types, and places what is wrong at its question", async () => {
  const wrong = { ...LOOK, html_url: null, problems: [{ path: ["questions", 1, "when", "recommend"], code: "UNKNOWN_QUESTION", what: "it asks for an answer that comes later", next_step: "Move it.", severity: "error", line: null }] };
  answering({ ...PATHS, "/api/surveys/look": wrong });
  open("/surveys/nps?tab=build");
  const first = await screen.findByRole("button", { name: /1\. How likely/ });
  first.focus();
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  expect(screen.getByRole("button", { name: /2\. How likely/ })).toBeTruthy();
  expect(screen.getByText("How likely? is question 2 of 3 now.")).toBeTruthy();
  expect(await screen.findByText("To mend")).toBeTruthy();
  await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Save the survey" }).disabled).toBe(true));
  await userEvent.click(screen.getByRole("button", { name: "Question 2, recommend: when, recommend" }));
  expect(screen.getByRole("heading", { name: "Question 2" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Add a question" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /^Choice/ }));
  expect(screen.getByRole("button", { name: /4\. New question: choice/ })).toBeTruthy();
});

it("asks before changes are lost, and reads what is kept in files without a way to save", async () => {
  answering({ ...PATHS, "/api/surveys": { rows: [], ready: [] } });
  const { unmount } = open("/surveys/nps?tab=build");
  await userEvent.click(await screen.findByRole("button", { name: "Take the question out" }));
  await userEvent.click(screen.getAllByRole("link", { name: "Surveys" })[0] as HTMLElement);
  expect(await screen.findByText("Your changes are kept nowhere else.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Stay here" }));
  expect(screen.getByText("Not saved")).toBeTruthy();
  unmount();
  answering({ ...PATHS, "/api/surveys/nps": { ...BODY, kept_by: "files" } });
  open("/surveys/nps?tab=build");
  expect(await screen.findByText(/People keep it in the file surveys\/nps.yaml/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Save the survey" })).toBeNull();
  expect((await screen.findByLabelText<HTMLTextAreaElement>(/^Question/, { selector: "textarea" })).readOnly).toBe(true);
});

const share = (score: number) => ({ score, low: score - 0.05, high: score + 0.05 });
const RESULTS = {
  ...ROW, funnel: [{ stage: "sent", count: 400, share: null }, { stage: "opened", count: 220, share: share(0.55) }, { stage: "clicked", count: 110, share: share(0.5) }, { stage: "answered", count: 100, share: share(0.91) }, { stage: "complete", count: 90, share: share(0.9) }],
  questions: [
    { key: "liked", type: "choice", ask: "What did you like?", shape: "one", n: 80, parts: [{ path: "liked", label: null, holds: "choices", n: 80, mean: null, counts: [{ value: "price", label: "The price", count: 60, share: share(0.75) }, { value: "speed", label: "The speed", count: 0, share: share(0.05) }] }] },
    { key: "parts", type: "matrix", ask: "How was each?", shape: "matrix", n: 50, parts: [{ path: "parts.shop", label: "Shop", holds: "choice", n: 50, mean: null, counts: [{ value: "bad", label: "Bad", count: 10, share: share(0.2) }, { value: "good", label: "Good", count: 40, share: share(0.8) }] }] },
    { key: "why", type: "text", ask: "Why?", shape: "one", n: 2, parts: [{ path: "why", label: null, holds: "text", n: 2, mean: null, counts: [] }] },
  ],
  by_channel: [{ value: "email", answered: 100, complete: 90, score: ROW.score }, { value: null, answered: 22, complete: 20, score: null }], by_language: [{ value: "de", answered: 122, complete: 110, score: null }],
};
const TEXT = { response_id: "r1", profile_id: "p1", person: "Anna Lind", text: "<script>alert(1)</script> مرحبا", language: "ar", score: 3, answered_at: "2026-05-14T06:20:00Z" };

it("shows results per question with intervals, the funnel, and words as they were written", async () => {
  const asked = answering({ ...PATHS, "/api/surveys/nps/results": RESULTS, "/api/surveys/nps/texts": { total: 60, page: 1, rows: [TEXT] } });
  const { container } = open("/surveys/nps");
  expect(await screen.findByText("How far did they come?")).toBeTruthy();
  expect(screen.getByRole("link", { name: "The price" }).getAttribute("href")).toBe("/surveys/nps?tab=responses&question=liked&answer=price");
  expect(screen.getByRole("rowheader", { name: "Shop" })).toBeTruthy();
  const words = await screen.findByText(TEXT.text);
  expect(words.getAttribute("dir")).toBe("auto");
  expect(words.getAttribute("lang")).toBe("ar");
  expect(container.querySelector("script")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Older" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/texts?of=why&page=2"))).toBe(true));
  await userEvent.click(screen.getByRole("button", { name: "E-mail" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/results?channel=email"))).toBe(true));
  expect(await clean(container)).toEqual([]);
});

it("lists responses with their filters and shows one beside the list", async () => {
  const row = { ...TEXT, measure: "nps", channel: "email", touchpoint: null, complete: true, anonymous: false };
  const whole = { ...row, survey: "nps", product_id: null, order_id: "o1", agent: null, journey: "after_order", step: "ask", message_id: "m1", asked_at: null, changed_at: row.answered_at, answers: [{ key: "liked", ask: "What did you like?", answers: ["The price", "The speed"] }] };
  const asked = answering({ ...PATHS, "/api/surveys/nps/responses": { total: 1, page: 1, rows: [row] }, "/api/surveys/nps/responses/r1": whole });
  const { container } = open("/surveys/nps?tab=responses&question=liked&answer=price");
  await userEvent.click(await screen.findByRole("button", { name: /14 May 2026/ }));
  expect(await screen.findByText("The speed")).toBeTruthy();
  expect(screen.getByRole("link", { name: "the one that asked" }).getAttribute("href")).toBe("/messages/m1");
  expect(screen.getByRole("link", { name: "As CSV" }).getAttribute("href")).toBe("/api/surveys/nps/responses.csv?question=liked&answer=price");
  await userEvent.click(screen.getByRole("button", { name: "What did you like?: price ×" }));
  await waitFor(() => expect(asked.some((one) => one.path.endsWith("/responses?page=1"))).toBe(true));
  expect(await clean(container)).toEqual([]);
});

it("shares by link, code, snippet and journeys", async () => {
  const everybodys = {
    link: "https://shop.example/s/survey/nps", page: "http://app.example/s/survey/nps", qr_svg: "<svg xmlns='http://www.w3.org/2000/svg'/>", snippet: "<script src=\"https://shop.example/s/widget.js\"></script>",
  };
  const sharing = {
    public: everybodys,
    journeys: [{ key: "after_order", title: "After an order", state: "live", step: "ask", channel: "email", asked: 20 }], ready: [{ key: "purchase_survey", title: "Survey after a purchase", description: "Four days later.", there: false }],
  };
  answering({ ...PATHS, "/api/surveys/nps/sharing": sharing });
  const { container } = open("/surveys/nps?tab=share");
  expect(await screen.findByText(everybodys.link)).toBeTruthy();
  expect(screen.getByRole("img", { name: `QR code of ${everybodys.link}` }).getAttribute("src")).toContain("data:image/svg+xml");
  expect(screen.getByText(everybodys.snippet)).toBeTruthy();
  expect(screen.getByRole("link", { name: "Start asking" }).getAttribute("href")).toBe("/journeys/new?ready=purchase_survey");
  expect(await clean(container)).toEqual([]);
});

it("has no link for everybody where only who was invited may answer", async () => {
  answering({ ...PATHS, "/api/surveys/nps/sharing": { public: null, journeys: [], ready: [] } });
  open("/surveys/nps?tab=share");
  expect(await screen.findByText("By invitation only")).toBeTruthy();
  expect(screen.queryByText("As a QR code")).toBeNull();
});

it("writes the same survey as YAML, and says where it cannot be read", async () => {
  answering(PATHS);
  open("/surveys/nps?tab=yaml");
  const area = await screen.findByLabelText<HTMLTextAreaElement>("Survey as YAML");
  expect(area.value).toContain("recommend");
  fireEvent.change(area, { target: { value: "title: [" } });
  expect(await screen.findByText(/^Line 1/)).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Save the survey" }).disabled).toBe(true);
});

it("keeps texts by language whatever is done to them", () => {
  const places = [["title"], ["questions", 0, "ask"]];
  const once = { title: "Hello", questions: [{ key: "a", type: "text", ask: "Why?" }] };
  expect(languagesOf(once)).toEqual([""]);
  expect(withSaid(once, ["title"], "", "Hi").title).toBe("Hi");
  const two = withLanguage(once, places, "en", "de");
  expect(two).toMatchObject({ title: { en: "Hello", de: "Hello" }, questions: [{ ask: { en: "Why?", de: "Why?" } }] });
  expect(languagesOf(two)).toEqual(["en", "de"]);
  expect(saidAt(withSaid(two, ["questions", 0, "ask"], "de", "Warum?"), ["questions", 0, "ask"], "de")).toBe("Warum?");
  expect(withSaid(two, ["title"], "de", "").title).toEqual({ en: "Hello" });
  expect(withoutLanguage(two, "de").title).toEqual({ en: "Hello" });
});

it("keeps branches with the questions that they name", () => {
  const spec = JSON.parse(JSON.stringify(SPEC)) as Spec;
  expect(freeKey(spec, "why")).toBe("why_2");
  expect(questionsOf(renamed(spec, 0, "likely"))[1]?.when).toEqual({ likely: { lte: 6 } });
  expect(questionsOf(removed(spec, 0))[0]?.when).toBeUndefined();
  expect(questionsOf(shifted(spec, 0, 9)).map((one) => one.key)).toEqual(["why", "liked", "recommend"]);
  expect(added(spec, { key: "x" }, 0)[1]).toBe(1);
});

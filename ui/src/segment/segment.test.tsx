import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { keyFrom } from "./key";

const ROW = { key: "loyal", title: "Loyal", description: null, says: "People who did Order Completed at least 5 times.", of: "known", members: 120, share: 0.12, churn: 0.1, clv: 88, owner: "CRM", review: null, review_every: "3mo", kept_by: "app" };
const OTHER = { ...ROW, key: "at_risk", title: "Likely to leave", members: 60 };
const DUE = { key: "loyal", title: "Loyal", owner: "CRM", due: "2026-05-01", days: -13, overdue: true, every: "3mo", last: null, used_in: [{ kind: "journey", key: "rescue", title: "Churn rescue" }] };
const POINTS = [0, 1, 2, 3].map((week) => ({ at: `2026-04-${10 + week}T00:00:00Z`, people: 100 + week, joined: 3, left: 2, stays: 0.98 }));
const BODY = { ...ROW, condition: { all: [{ did: "Order Completed", times: { gte: 5 } }, { not: { segment: "at_risk" } }] }, overlaps: [{ key: "at_risk", title: "Likely to leave", both: 12 }], revenue: 9000, revision: 2, file: "segments/loyal.yaml", as_of: "2026-05-14T07:20:00Z" };
const PREVIEW = { problems: [], says: "People who did Page Viewed at least once.", total: 741, universe: 1000, share: 0.741, parts: [{ path: [], says: "", alone: 741, left: 741 }], sample: [], as_of: "2026-05-14T07:20:00Z" };
const VOCABULARY = { events: [{ name: "Page Viewed", count: 12_000, last: "2026-05-14T07:00:00Z", properties: [{ name: "path", kind: "text", examples: ["/support"], low: null, high: null, array: false }] }], traits: [], account_traits: [], segments: [{ key: "at_risk", title: "Likely to leave" }], predictions: [], personas: [], consents: [], lists: [], tables: [] };
const LISTS = { "/api/segments": { rows: [ROW, OTHER] }, "/api/segment-groups/reviews": { rows: [DUE], overdue: 1 }, "/api/segment-groups/trends": { rows: [{ key: "loyal", points: POINTS }] } };
const bounds = (value: number, low: number, high: number) => ({ value, low, high, level: 0.9 });
const faultsIn = async (container: HTMLElement) => (await axe.run(container, { rules: { "color-contrast": { enabled: false } } })).violations.map((one) => `${one.id} ${one.nodes[0]?.html}`);

it("lists segments with size, trend, use and the reviews that are due", async () => {
  answering(LISTS);
  const { container } = open("/segments");
  const table = await screen.findByRole("table", { name: "Segments" });
  expect(await within(table).findByText("Churn rescue")).toBeTruthy();
  expect(within(table).getByText("Due since 1 May")).toBeTruthy();
  expect(screen.getByRole("tab", { name: "Review due, 1" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "New segment" }).getAttribute("href")).toBe("/segments/new");
  expect(await faultsIn(container)).toEqual([]);
});

it("shows who is in two of them, and leads on to a segment of both", async () => {
  const pair = { one: "loyal", other: "at_risk", both: 12, of_one: 0.1, of_other: 0.2, jaccard: 0.0714 };
  answering({ ...LISTS, "/api/segment-groups/overlap": { segments: [{ key: "loyal", title: "Loyal", people: 120 }, { key: "at_risk", title: "Likely to leave", people: 60 }], pairs: [pair], as_of: "2026-05-14T07:20:00Z" } });
  const { container } = open("/segments?tab=overlap");
  await userEvent.click(await screen.findByRole("button", { name: /^20.% of Likely to leave are in Loyal/ }));
  expect(await screen.findByText("12 people are in both.")).toBeTruthy();
  expect(decodeURIComponent(screen.getByRole("link", { name: "Build a segment of both" }).getAttribute("href") ?? "")).toBe("/segments/new?both=loyal,at_risk");
  expect(await faultsIn(container)).toEqual([]);
});

it("says what nobody uses", async () => {
  answering({ ...LISTS, "/api/segment-groups/unused": { rows: [{ key: "at_risk", title: "Likely to leave", owner: null, people: 60, only_in: [] }] } });
  open("/segments?tab=unused");
  expect(await screen.findByRole("link", { name: "Likely to leave" })).toBeTruthy();
});

it("builds a segment by hand and saves it", async () => {
  const asked = answering({ ...LISTS, "/api/conditions/vocabulary": VOCABULARY, "/api/conditions/preview": PREVIEW, "/api/segments/trail_runners": { ...BODY, key: "trail_runners", title: "Trail runners", members: 741 } });
  const { container } = open("/segments/new");
  expect(await screen.findByText(/Everyone: 128,412 people/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Save and keep fresh" }).hasAttribute("disabled")).toBe(true);
  await userEvent.click(screen.getByRole("button", { name: "Condition" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Did something" }));
  await userEvent.type(await screen.findByRole("combobox", { name: "Event" }), "Page");
  await userEvent.click(await screen.findByRole("option", { name: /Page Viewed/ }));
  expect(await screen.findByText("741", { selector: ".ft-hero b" })).toBeTruthy();
  expect(screen.getByText("People who did Page Viewed at least once.")).toBeTruthy();
  await userEvent.type(screen.getByRole("textbox", { name: /Name/ }), "Trail runners");
  expect(await faultsIn(container)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Save and keep fresh" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/segments/trail_runners?revision=0")?.body).toMatchObject({ title: "Trail runners", of: "known", condition: { did: "Page Viewed" } }));
  expect(await screen.findByText(/“Trail runners” is saved/)).toBeTruthy();
  const counted = asked.filter((one) => one.path === "/api/conditions/preview").map((one) => (one.body as { condition: unknown }).condition);
  expect(counted.at(-1)).toEqual({ did: "Page Viewed" });
});

it("takes YAML over, and gives it back", async () => {
  answering({ ...LISTS, "/api/conditions/vocabulary": VOCABULARY, "/api/conditions/preview": PREVIEW });
  open("/segments/new?both=loyal,at_risk&tab=yaml");
  const text = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Condition as YAML" });
  expect(text.value).toBe("all:\n  - {segment: loyal}\n  - {segment: at_risk}\n");
  await userEvent.clear(text);
  await userEvent.type(text, "{{trait: plan, is: '01067'}");
  expect(screen.getByRole("combobox", { name: "Trait" })).toHaveProperty("value", "plan");
  await userEvent.type(text, "}}");
  expect(screen.getByText(/stays as it was/)).toBeTruthy();
});

it("shows one segment: who, since when, how they differ, what it is used in", async () => {
  const standing = { members: 0.1, others: 0.3, difference: bounds(-0.2, -0.22, -0.18), scored: 100, differs: true };
  const asked = answering({
    ...LISTS, "/api/segments/loyal": BODY, "/api/segments/loyal/uses": { key: "loyal", rows: DUE.used_in }, "/api/segments/loyal/reviews": { due: DUE, rows: [] }, "/api/segments/loyal/keeping": { fresh: "kept fresh with every event", at_once: true, every: null, kept_until: null, kept_since: null, members: 120, days: [] }, "/api/segments/loyal/members": { total: 0, page: 1, rows: [] },
    "/api/segments/loyal/drift": {
      key: "loyal", since: "2026-02-01T00:00:00Z", at: "2026-05-14T07:20:00Z", review: null, other_meaning: false, then: 100, now: 120, could_be_then: 900, could_be_now: 1000, stayed: 90, joined: 30, lost: 10, silent: 4, lost_to: [],
      composition: [{ name: "country", words: "country", index: bounds(0.3, 0.2, 0.4), by_chance: 0.02, verdict: "much", says: "more of them live in Austria", parts: [] }],
      against: [{ prediction: "churn", horizon: "90d", then: standing, now: standing, lost: false }], overlaps: [], advice: { decision: "tighten", reasons: [{ code: "moved", words: "their make-up changed" }] },
    },
  });
  const { container } = open("/segments/loyal?tab=review");
  expect(await screen.findByText("more of them live in Austria")).toBeTruthy();
  expect(screen.getByText("Tighten it, say the numbers.")).toBeTruthy();
  expect(await screen.findByRole("link", { name: "Churn rescue" })).toBeTruthy();
  await userEvent.type(screen.getByRole("textbox", { name: "Note" }), "Austria is new");
  await userEvent.click(screen.getByRole("button", { name: "Note the review" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/segments/loyal/reviews" && one.body)?.body).toEqual({ decision: "tighten", note: "Austria is new", next_review: null }));
  expect(await faultsIn(container)).toEqual([]);
});

it("tells the past of a segment: its size each week, and who came and went", async () => {
  answering({
    ...LISTS, "/api/segments/loyal": BODY, "/api/segments/loyal/trend": { key: "loyal", points: POINTS },
    "/api/segments/loyal/keeping": { fresh: "at once", at_once: true, every: null, kept_until: "2026-05-14T07:00:00Z", kept_since: "2026-05-01T00:00:00Z", members: 120, days: [{ day: "2026-05-12", entered: 7, exited: 2 }, { day: "2026-05-13", entered: 1, exited: 0 }] },
  });
  open("/segments/loyal?tab=history");
  expect(await screen.findByText("In the last 30 days 8 people came and 2 left. Kept up to 14 May 2026, 09:00.")).toBeTruthy();
  expect(screen.getByRole("img", { name: "Who came and went? 8 people came and 2 left." })).toBeTruthy();
  for (const button of screen.getAllByRole("button", { name: "as table" })) await userEvent.click(button);
  expect(within(screen.getByRole("table", { name: "How large was it?" })).getByText("103")).toBeTruthy();
  expect(within(screen.getByRole("table", { name: "Who came and went?" })).getByText("12 May")).toBeTruthy();
});

it("leaves documents kept in git as they are, and offers a copy", async () => {
  answering({
    ...LISTS, "/api/segments/loyal": { ...BODY, kept_by: "files" }, "/api/conditions/vocabulary": VOCABULARY, "/api/conditions/preview": PREVIEW,
    "/api/segments/loyal/keeping": { fresh: "refreshed every hour: it looks at the time of day", at_once: false, every: "1h", kept_until: null, kept_since: null, members: 120, days: [] },
  });
  open("/segments/loyal/edit");
  expect(await screen.findByText("Kept in git")).toBeTruthy();
  expect(await screen.findByText("Refreshed every hour")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Condition" }).querySelector("input")).toBeNull();
  expect(screen.queryByRole("link", { name: "Edit segment" })).toBeNull();
  await userEvent.click(screen.getByRole("link", { name: "Copy as new" }));
  expect(await screen.findByRole("button", { name: "Save and keep fresh" })).toBeTruthy();
  expect(screen.getByRole("textbox", { name: /Name/ })).toHaveProperty("value", "Loyal, copy");
});

it("finds groups that differ, and says so when there is none", async () => {
  const target = { name: "churn:90d", words: "left within 90 days", unit: "share" };
  const window = { at: "2026-01-01T00:00:00Z", until: "2026-04-01T00:00:00Z" };
  const group = { condition: { did_not: "Session Ended", within: "30d" }, parts: [], says: "People who did not do Session Ended in the last 30 days.", direction: "higher", people: 80, checked: 44, inside: bounds(0.7, 0.6, 0.8), outside: bounds(0.3, 0.28, 0.32), difference: bounds(0.4, 0.3, 0.5), found: 0.42, p: 0.001 };
  const body = { target, search: window, check: window, searched: 500, checked: 510, floor: 100, selectors: 20, looked_at: 300, tested: 5, groups: [group], left_out: { objected: 3 } };
  const asked = answering({ "/api/segment-groups/targets": { rows: [target] }, "/api/segment-groups/discover": body });
  const { container, unmount } = open("/discover");
  await userEvent.click(await screen.findByRole("button", { name: "Find groups" }));
  const card = await screen.findByRole("article", { name: group.says });
  expect(within(card).getByText(/\+40\.0 pts/)).toBeTruthy();
  expect(decodeURIComponent(within(card).getByRole("link", { name: "Keep as segment" }).getAttribute("href") ?? "").replaceAll("+", " ")).toContain("condition={did_not: Session Ended, within: 30d}");
  expect(asked.find((one) => one.path === "/api/segment-groups/discover")?.body).toEqual({ target: "churn:90d", least_people: 100, depth: 3 });
  expect(await faultsIn(container)).toEqual([]);
  unmount();
  answering({ "/api/segment-groups/targets": { rows: [target] }, "/api/segment-groups/discover": { ...body, groups: [] } });
  open("/discover?target=churn:90d");
  expect(await screen.findByRole("heading", { name: "No group differs more than chance" })).toBeTruthy();
});

it("makes keys of names", () => {
  expect(["Trail runners near the hills", "Größte Käufer, 2026!", "  "].map(keyFrom)).toEqual(["trail_runners_near_the_hills", "grosste_kaufer_2026", ""]);
});

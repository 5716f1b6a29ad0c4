import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";

const course = (told: object = {}) => ({ entered: 0, ahead: 0, next: 0, skipped: 0, stopped: 0, not_yet: 0, ...told });
const LAST = { course: course({ entered: 40 }), share: null, within_hours: 2160, whole: true, median_hours: null, reason: "last" };
const FEW = { course: course({ entered: 4, not_yet: 4 }), share: null, within_hours: 720, whole: false, median_hours: null, reason: "too_few" };
const GOING = { course: course({ entered: 412, next: 150, skipped: 11, stopped: 180, not_yet: 71 }), share: { value: 0.392, low: 0.351, high: 0.435 }, within_hours: 720, whole: true, median_hours: { value: 50, low: 40, high: 66 }, reason: "" };
const stage = (key: string, title: string, told: object = {}) => ({
  key, title, description: null, says: `People who ${key}.`, condition: { did: key }, furthest_condition: { all: [{ did: key }] }, missed_condition: { did: "later" }, exact: true,
  people: 0, people_before: 0, furthest: 0, missed: 0, going: GOING, going_before: GOING, change: null, open_cases: 0, open_issues: 0, voices: [], ...told,
});
const FEELING = { measure: "sentiment", title: "Feeling", unit: "sentiment", value: { value: -0.28, low: -0.41, high: -0.15 }, people: 88 };
const NPS = { measure: "nps", title: "Net promoter score", unit: "points", value: { value: 34, low: 20, high: 48 }, people: 120 };
const BODY = {
  key: "way", title: "The way", description: "From look to buy.", of: "known", since: "2026-02-01T00:00:00Z", until: "2026-05-02T00:00:00Z", level: 0.9, segment: "",
  lanes: [{ key: "shop", title: "Shop" }, { key: "support", title: "Support" }], by: "", groups: [], listening: ["scores", "sentiment"], notes: ["Want: can end again, and is looked at every day."],
  stages: [
    stage("look", "Look", { people: 1900, change: { value: -0.06, low: -0.1, high: -0.02 }, voices: [FEELING, NPS], open_cases: 3 }),
    stage("want", "Want", { people: 700, missed: 12, going: FEW, change: null }),
    stage("buy", "Buy", { people: 240, going: LAST, missed_condition: null }),
  ],
  touchpoints: [{ key: "page", title: "Product page", lane: "shop", stage: "look", says: "People who did Product Viewed.", condition: { did: "Product Viewed", within: "90d" }, people: 1200, volume: 4000, people_before: 1100, volume_before: 3500, open_cases: 2, open_issues: 0, voices: [FEELING] }],
};
const PEOPLE = { total: 1, page: 1, rows: [{ profile_id: "p1", name: "Hannah Lindner", email: null, user_id: null }] };
const ANSWERS = { "/api/maps/way/people": PEOPLE, "/api/maps/way": BODY, "/api/segments": { rows: [] } };

it("shows the stages with who goes on, the feeling and what people meet", async () => {
  answering(ANSWERS);
  open("/maps/way");
  const map = await screen.findByRole("region", { name: "Stages and lanes" });
  expect(within(map).getByText("39.2 % go on, half within 2.1 days")).toBeTruthy();
  expect(within(map).getByText("−6.0 pts, real change")).toBeTruthy();
  expect(within(map).getByText("Not yet: 4 of the 10 people that are needed came")).toBeTruthy();
  expect(within(map).getByText("the last stage")).toBeTruthy();
  expect(within(map).getByRole("img").getAttribute("aria-label")).toContain("Look −0.28 (−0.41 to −0.15, 88 people)");
  expect(within(map).getByText("+34")).toBeTruthy();
  expect(within(map).getByRole("rowheader", { name: "Support" })).toBeTruthy();
});

it("leads from each number to its people, and from a condition to a segment", async () => {
  const asked = answering(ANSWERS);
  open("/maps/way");
  const map = await screen.findByRole("region", { name: "Stages and lanes" });
  await userEvent.click(within(map).getByRole("button", { name: /^Look/ }));
  const panel = await screen.findByRole("complementary", { name: "Look" });
  await userEvent.click(within(panel).getByRole("button", { name: /Stopped here/ }));
  expect(await within(panel).findByText("Hannah Lindner")).toBeTruthy();
  expect(asked.some((one) => one.path.includes("maps/way/people") && one.path.includes("what=stopped") && one.path.includes("stage=look"))).toBe(true);
  expect(within(panel).queryByRole("link", { name: "Save as segment" })).toBeNull();
  await userEvent.click(within(panel).getByRole("button", { name: /At this stage/ }));
  const link = await within(panel).findByRole("link", { name: "Save as segment" });
  expect(decodeURIComponent(link.getAttribute("href") ?? "")).toContain("{ did: look }".replaceAll(" ", "+").replace("{+", "{").replace("+}", "}"));
});

it("says not yet where nothing was judged, and tells all as a table", async () => {
  answering({ ...ANSWERS, "/api/maps/way": { ...BODY, listening: [], stages: BODY.stages.map((one) => ({ ...one, voices: [] })) } });
  open("/maps/way");
  expect(await screen.findByText("Not yet: nothing that people wrote has been judged.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "As a table" }));
  const table = await screen.findByRole("table", { name: "Stages" });
  expect(within(table).getByText("180")).toBeTruthy();
  expect(screen.getByRole("table", { name: "Touchpoints" })).toBeTruthy();
});

it("asks for a window, a segment and a split", async () => {
  const asked = answering({ ...ANSWERS, "/api/maps/way": { ...BODY, by: "persona" } });
  open("/maps/way?days=28&segment=loyal&by=persona");
  expect(await screen.findByText("No personas yet")).toBeTruthy();
  await waitFor(() => expect(asked.some((one) => one.path.includes("from=") && one.path.includes("segment=loyal") && one.path.includes("by=persona"))).toBe(true));
});

it("begins with a ready map where there is none", async () => {
  const asked = answering({ "/api/maps/ready/customer_journey": { key: "way", revision: 1, file: "", problems: [] }, ...ANSWERS, "/api/maps": { rows: [], ready: [{ key: "customer_journey", title: "Customer journey", description: "Five stages." }] } });
  open("/maps");
  expect(await screen.findByText("No journey map yet")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Make this map" }));
  await waitFor(() => expect(asked.some((one) => one.path.includes("/api/maps/ready/customer_journey"))).toBe(true));
  expect(await screen.findByRole("heading", { name: "The way", level: 1 })).toBeTruthy();
});

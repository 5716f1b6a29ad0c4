import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { CHECKS, IDLE, LOOK, PEOPLE, PREDICTION, QUADRANT, RUNS, SPREAD } from "@/testing/predictions";

const faultsIn = async (container: HTMLElement) => (await axe.run(container, { rules: { "color-contrast": { enabled: false } } })).violations.map((one) => `${one.id} ${one.nodes[0]?.html}`);
const DOCUMENT = { key: "churn", spec: { outcome: { did_not: "Order Completed" }, horizons: ["30d", "180d"], population: { did: "Order Completed" } }, yaml: "kind: prediction\n", kept_by: "app", revision: 1, file: "predictions/churn.yaml" };
const ANSWERS = { "/api/predictions/churn": PREDICTION, "/api/predictions/churn/document": DOCUMENT, "/api/predictions/churn/quadrant": QUADRANT, "/api/predictions/churn/people": PEOPLE, "/api/predictions/churn/spread": SPREAD };

it("says first whether 70 % means 70 %, beside the baseline and what chance explains", async () => {
  answering(ANSWERS);
  const { container } = open("/predictions/churn");
  expect(await screen.findByText("Can we trust 70 %?")).toBeTruthy();
  expect(screen.getByText(/^foreseen 78.%, came true 77.% \(70.0–83.0.%\)$/)).toBeTruthy();
  expect(screen.getByText(/^chance explains 2.0.%$/)).toBeTruthy();
  const table = screen.getByRole("table", { name: "Metrics" });
  expect(within(within(table).getByText("Ranking, ROC AUC").closest("tr") as HTMLElement).getByText("worse")).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "180 days ahead" }));
  expect(await screen.findByText("Not calibrated for this season.")).toBeTruthy();
});

it("shows short against long risk, and makes a segment of a group with the condition that the server says", async () => {
  const asked = answering(ANSWERS);
  const { container } = open("/predictions/churn?tab=people");
  const act = await screen.findByRole("button", { name: /Act now/ });
  expect(act.textContent).toContain("300");
  expect(await screen.findByRole("link", { name: "Create segment, 300 people" })).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
  await userEvent.click(act);
  await waitFor(() => expect(asked.some((one) => one.path === "/api/predictions/churn/people?horizon=30d&page=1&cell=act_now")).toBe(true));
  const link = decodeURIComponent((await screen.findByRole("link", { name: /Segment of “Act now”/ })).getAttribute("href") ?? "").replaceAll("+", " ");
  expect(link).toContain("prediction: churn, horizon: 30d, gte: 0.6");
});

it("asks for those above the cut-off of the address", async () => {
  const asked = answering(ANSWERS);
  open("/predictions/churn?tab=people&gte=0.7&horizon=180d");
  expect(await screen.findByRole("heading", { name: /From 70/ })).toBeTruthy();
  expect(asked.some((one) => one.path === "/api/predictions/churn/people?horizon=180d&page=1&gte=0.7")).toBe(true);
  expect(screen.getByRole("slider", { name: "Cut-off" })).toBeTruthy();
  expect(await screen.findByRole("link", { name: "Hannah Lindner" })).toBeTruthy();
});

it("shows what the past has to say where there is no model", async () => {
  const bare = { ...PREDICTION, trained_as_of: null, verdict: null, calibrated: null, scores: [], model: null, model_kind: null, n: null, positives: null, by_horizon: [], history: [] };
  const asked = answering({ ...ANSWERS, "/api/predictions/churn": bare, "/api/predictions/look": LOOK, "/api/predictions/churn/work": IDLE });
  const { container } = open("/predictions/churn");
  expect(await screen.findByText("Enough to learn from: 900 people had the outcome, 800 did not.")).toBeTruthy();
  expect(asked.find((one) => one.path === "/api/predictions/look")?.body).toEqual({ spec: DOCUMENT.spec, key: "churn" });
  expect(screen.getByText("Not trained yet", { selector: ".ft-badge" })).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
});

const LIFE = { ...ANSWERS, "/api/predictions/churn/work": IDLE, "/api/predictions/churn/runs": RUNS, "/api/predictions/churn/checks": CHECKS };

it("trains and scores on request, says what is being done, and why it failed", async () => {
  const failed = { ...IDLE, doing: "train", state: "failed", seconds: 12, error: { code: "ONE_CLASS", what: "everybody had the outcome", next_step: "Change the horizon." } };
  const asked = answering({ ...LIFE, "/api/predictions/churn/work": failed, "/api/predictions/churn/train": { ...IDLE, doing: "train", state: "waiting" } });
  const { container, unmount } = open("/predictions/churn?tab=history");
  expect(await screen.findByText("Everybody had the outcome.")).toBeTruthy();
  expect(await screen.findByRole("table", { name: "Trainings" })).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Train again" }));
  await waitFor(() => expect(asked.some((one) => one.path === "/api/predictions/churn/train")).toBe(true));
  unmount();
  answering({ ...LIFE, "/api/predictions/churn/work": { ...IDLE, doing: "train", state: "running", step: "Learning from the past", seconds: 75 } });
  open("/predictions/churn?tab=history");
  expect(await screen.findByRole("heading", { name: "Learning from the past" })).toBeTruthy();
  expect(screen.getByText(/It goes on by itself/).textContent).toContain("For 1 min");
});

it("keeps every training, holds two side by side, and says what has moved since", async () => {
  const compared = { a: 2, b: 3, metrics: [{ what: "roc_auc", horizon: "30d", a: 0.8, b: 0.82 }], drivers: [], window: [{ what: "n", horizon: "", a: 60000, b: 61904 }], settings: [] };
  const asked = answering({ ...LIFE, "/api/predictions/churn/compare": compared });
  const { container } = open("/predictions/churn?tab=history");
  const trainings = await screen.findByRole("table", { name: "Trainings" });
  expect(within(trainings).getByText("in use")).toBeTruthy();
  expect(within(trainings).getByText("nobody had the outcome")).toBeTruthy();
  expect(screen.getByRole("img", { name: /How did the quality move\? Ranking, ROC AUC 0.82 in the latest training/ })).toBeTruthy();
  const checks = await screen.findByRole("table", { name: "Checks" });
  expect(within(within(checks).getByText("days since the last order moved upwards").closest("tr") as HTMLElement).getByText("moved")).toBeTruthy();
  expect(screen.getByText(/the probabilities were 6 points too low in April/).textContent).toContain("180 days");
  for (const box of within(trainings).getAllByRole("checkbox")) await userEvent.click(box);
  const pair = await screen.findByRole("table", { name: "Two trainings" });
  expect(within(pair).getAllByRole("row")[1]?.textContent).toBe("Ranking, ROC AUC, 30 daysHow good0.80.82");
  expect(asked.some((one) => one.path === "/api/predictions/churn/compare?a=2&b=3")).toBe(true);
  expect(await faultsIn(container)).toEqual([]);
});

it("puts an earlier model in use after saying what that means", async () => {
  const asked = answering({ ...LIFE, "/api/predictions/churn/activate": { model: "m2", does: "activate", holds_from: "2026-05-14T07:20:00Z", decided_at: "2026-05-14T07:20:00Z", made_by: "app" } });
  open("/predictions/churn?tab=history");
  await userEvent.click(await screen.findByRole("button", { name: "Put in use" }));
  expect(await screen.findByText("0.82 now, 0.8 then")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Put it in use" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/predictions/churn/activate")?.body).toEqual({ model: "m2" }));
});

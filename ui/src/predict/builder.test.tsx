import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { answering } from "@/testing/answers";
import { open } from "@/testing/open";
import { LOOK, PREDICTION, VOCABULARY } from "@/testing/predictions";
import { draftFrom, NEW, specOf } from "./draft";

const faultsIn = async (container: HTMLElement) => (await axe.run(container, { rules: { "color-contrast": { enabled: false } } })).violations.map((one) => `${one.id} ${one.nodes[0]?.html}`);
const SPEC = { name: "Stops buying", outcome: { did_not: "Order Completed" }, horizons: ["30d", "90d", "180d"], population: { did: "Order Completed", within: "365d" }, bands: { watch: 0.4, high: 0.7 }, schedule: "1d" };

it("offers where to begin when there is none", async () => {
  answering({});
  const { container } = open("/predictions");
  expect(await screen.findByRole("heading", { name: "No predictions yet" })).toBeTruthy();
  expect(screen.getByRole("link", { name: /Who stops buying/ }).getAttribute("href")).toBe("/predictions/new?from=leaving");
  expect(screen.getByRole("link", { name: "New prediction" })).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
});

it("builds a prediction from an offer: looks first, then saves and goes on to train", async () => {
  const asked = answering({ "/api/conditions/vocabulary": VOCABULARY, "/api/predictions/look": LOOK, "/api/predictions/stops_buying": { ...PREDICTION, key: "stops_buying" }, "/api/predictions/stops_buying/train": {} });
  const { container } = open("/predictions/new?from=leaving");
  expect(await screen.findByText("Enough to learn from: 900 people had the outcome, 800 did not.")).toBeTruthy();
  await waitFor(() => expect(asked.find((one) => one.path === "/api/predictions/look")?.body).toEqual({ spec: SPEC }));
  await userEvent.click(screen.getByRole("button", { name: "180 days" }));
  await waitFor(() => expect(asked.filter((one) => one.path === "/api/predictions/look").at(-1)?.body).toMatchObject({ spec: { horizons: ["30d", "90d"] } }));
  await userEvent.click(screen.getByRole("button", { name: "180 days" }));
  await userEvent.click(screen.getByRole("button", { name: /Is there enough/ }));
  expect(await screen.findByText("AUC 0.57")).toBeTruthy();
  expect(screen.getByRole("img", { name: /How often did it come true/ })).toBeTruthy();
  expect(await faultsIn(container)).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: /Keep it fresh/ }));
  expect((await screen.findByLabelText("Prediction as YAML")).textContent).toContain("did_not: Order Completed");
  await userEvent.click(screen.getByRole("button", { name: "Save and train" }));
  await waitFor(() => expect(asked.find((one) => one.path === "/api/predictions/stops_buying?revision=0")?.body).toEqual({ spec: SPEC }));
  await waitFor(() => expect(asked.some((one) => one.path === "/api/predictions/stops_buying/train")).toBe(true));
  expect(await screen.findByText("“Stops buying” is saved and is being trained.")).toBeTruthy();
});

it("says plainly that there is too little, and what a model would be worth", async () => {
  const [horizon] = LOOK.horizons;
  const few = { ...LOOK, horizons: [{ ...horizon, verdict: "too_few", had: 12, statements: [{ code: "TOO_FEW", tone: "bad", text: "No model yet: there are 12 of the 200 people with the outcome that a dependable model needs." }] }] };
  answering({ "/api/conditions/vocabulary": VOCABULARY, "/api/predictions/look": few });
  open("/predictions/new?from=leaving&step=look");
  expect(await screen.findByText(/12 of the 200 people/)).toBeTruthy();
  expect(screen.getByText("Too few yet")).toBeTruthy();
});

it("places what is wrong at its condition", async () => {
  const wrong = { ...LOOK, horizons: [], statements: [], people: null, unit: null, problems: [{ path: ["outcome", "did_not"], code: "UNKNOWN", what: "nobody ever did Order Completd", next_step: "Look at the name.", severity: "error" }] };
  answering({ "/api/conditions/vocabulary": VOCABULARY, "/api/predictions/look": wrong });
  open("/predictions/new?from=leaving");
  const outcome = await screen.findByRole("region", { name: "It came true for people who match" });
  expect(await within(outcome).findByText(/Nobody ever did Order Completd/)).toBeTruthy();
  expect(screen.getByText(/something in the document is missing or wrong/)).toBeTruthy();
});

it("keeps what the fields do not show when a document is changed", () => {
  const document = { key: "churn", spec: { ...SPEC, seed: 7, quadrant: { short: { horizon: "30d" }, long: { horizon: "180d" } }, features: ["orders_30d"] }, yaml: "", kept_by: "app", revision: 3, file: "predictions/churn.yaml" } as const;
  expect(specOf(draftFrom(document as never))).toEqual(document.spec);
  const value = { ...document, spec: { value: { did: "Order Completed", sum: "revenue", where: { channel: "web" } }, horizon: "39w", unit: "1w" } };
  expect(specOf(draftFrom(value as never))).toEqual(value.spec);
  expect(specOf(NEW)).toEqual({ horizon: "90d", bands: { watch: 0.4, high: 0.7 }, schedule: "1d" });
});

it("leaves documents kept in git as they are", async () => {
  answering({ "/api/predictions/churn": PREDICTION, "/api/predictions/churn/document": { key: "churn", spec: SPEC, yaml: "kind: prediction\n", kept_by: "files", revision: 1, file: "predictions/churn.yaml" } });
  open("/predictions/churn/edit");
  expect(await screen.findByText("Kept in git")).toBeTruthy();
  expect((await screen.findByLabelText("Prediction as YAML")).textContent).toBe("kind: prediction\n");
  expect(screen.queryByRole("link", { name: "Edit" })).toBeNull();
});

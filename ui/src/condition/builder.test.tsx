import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, it } from "vitest";
import { theme } from "@/theme/theme";
import { ConditionBuilder } from "./builder";
import type { Fault, PartCount } from "./context";
import { useEdited } from "./history";
import { WRITTEN } from "./rows.fixture";
import type { Vocabulary } from "./vocabulary";
import type { Json } from "./written";
import { fromYaml } from "./yaml";

const VOCABULARY: Vocabulary = {
  terms: (source) => {
    if (source.of === "event") return [{ value: "Order Completed", note: "1,204 people" }, { value: "Page Viewed" }];
    if (source.of === "property") return source.event === "Page Viewed" ? [{ value: "path" }] : [{ value: "revenue" }];
    return source.of === "segment" ? [{ value: "loyal", title: "Five orders or more" }] : [];
  },
  kindOf: (source) => (source.of === "trait-value" && source.trait === "postal_code" ? "text" : undefined),
};
let latest: Json = null;

function Shown({ value, parts = new Map(), faults = [], readOnly }: { value: Json; parts?: Map<string, PartCount>; faults?: Fault[]; readOnly?: boolean }) {
  const edited = useEdited(value);
  latest = edited.value;
  return <ConditionBuilder edited={edited} vocabulary={VOCABULARY} told={{ parts, faults, stale: false }} readOnly={readOnly} everyone="Everyone: 128,412 people." />;
}
const show = (value: Json, more: { parts?: Map<string, PartCount>; faults?: Fault[]; readOnly?: boolean } = {}) => render(<MantineProvider theme={theme} env="test"><Shown value={value} {...more} /></MantineProvider>);
const type = (label: string, text: string, nth = 0) => fireEvent.change(screen.getAllByLabelText(label)[nth] as HTMLElement, { target: { value: text } });

it("begins with everyone and builds a condition by hand", async () => {
  show(null);
  expect(screen.getByText(/Everyone: 128,412 people/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Condition" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Did something" }));
  const event = await screen.findByRole("combobox", { name: "Event" });
  expect(document.activeElement).toBe(event);
  await userEvent.type(event, "Page Viewed");
  expect(latest).toEqual({ did: "Page Viewed" });
  await userEvent.click(screen.getByRole("button", { name: "Add to condition 1" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /where a property/ }));
  await userEvent.type(screen.getByRole("combobox", { name: "Property" }), "path");
  await userEvent.tab();
  expect(document.activeElement).toBe(screen.getByRole("combobox", { name: "Test of path" }));
  expect(latest).toEqual({ did: "Page Viewed", where: { path: "" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Test of path" }), "starts_with");
  await userEvent.type(screen.getByRole("combobox", { name: "path" }), "/support");
  expect(latest).toEqual({ did: "Page Viewed", where: { path: { starts_with: "/support" } } });
});

it("adds a row by Enter, and Ctrl Z takes a whole word back", async () => {
  show({ did: "Page" });
  const event = screen.getByRole("combobox", { name: "Event" });
  await userEvent.type(event, " Viewed");
  expect(latest).toEqual({ did: "Page Viewed" });
  await userEvent.keyboard("{Escape}{Control>}z{/Control}");
  expect(latest).toEqual({ did: "Page" });
  await userEvent.click(screen.getByRole("combobox", { name: "Event" }));
  await userEvent.keyboard("{Escape}{Enter}");
  await userEvent.click(await screen.findByRole("menuitem", { name: "In a segment" }));
  await userEvent.click(await screen.findByRole("combobox", { name: "Segment" }));
  await userEvent.click(await screen.findByRole("option", { name: "Five orders or more" }));
  expect(latest).toEqual({ all: [{ did: "Page" }, { segment: "loyal" }] });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "How many of these must hold" }), "any");
  expect(latest).toEqual({ any: [{ did: "Page" }, { segment: "loyal" }] });
});

it("moves by Alt and arrows, takes out, and keeps numbers and texts apart", async () => {
  show({ all: [{ trait: "plan", is: "1" }, { trait: "age", gte: 30 }] });
  const value = screen.getByRole("combobox", { name: "plan" });
  expect((value as HTMLInputElement).value).toBe('"1"');
  fireEvent.keyDown(value, { key: "ArrowDown", altKey: true });
  expect(latest).toEqual({ all: [{ trait: "age", gte: 30 }, { trait: "plan", is: "1" }] });
  type("age", "45");
  expect(latest).toEqual({ all: [{ trait: "age", gte: 45 }, { trait: "plan", is: "1" }] });
  await userEvent.click(screen.getByRole("button", { name: "Take out condition 2" }));
  expect(latest).toEqual({ all: [{ trait: "age", gte: 45 }] });
});

it("reads digits as a text where the values that came are texts", () => {
  show({ all: [{ trait: "postal_code", is: "" }, { trait: "age", is: 1 }] });
  type("postal_code", "10115");
  type("age", "44");
  expect(latest).toEqual({ all: [{ trait: "postal_code", is: "10115" }, { trait: "age", is: 44 }] });
});

it("draws except, sequences and accounts, and edits what has no form as YAML", async () => {
  show({ all: [{ not: { any: [{ trait: "a", is: 1 }, { trait: "b", is: 2 }] } }, { sequence: [{ did: "A" }, { did_not: "B", within: "7d" }], same: "sku" }, { mystery: 1 }] });
  expect(screen.getByText("except for those who match")).toBeTruthy();
  expect(screen.getByText("one after another they")).toBeTruthy();
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Unit of window" }), "w");
  type("condition 3, as YAML", "{mystery: [1, two]}");
  expect(latest).toEqual({ all: [{ not: { any: [{ trait: "a", is: 1 }, { trait: "b", is: 2 }] } }, { sequence: [{ did: "A" }, { did_not: "B", within: "7w" }], same: "sku" }, { mystery: [1, "two"] }] });
  type("condition 3, as YAML", "{mystery: [");
  expect(screen.getByRole("textbox", { name: "condition 3, as YAML" }).getAttribute("aria-invalid")).toBe("true");
});

it("puts numbers and faults beside their row", () => {
  show({ all: [{ did: "Order Completed" }, { segment: "gone" }] }, {
    parts: new Map([["all.0", { alone: 6914, left: 6914 }], ["all.1", { alone: 12, left: 3 }]]),
    faults: [{ path: ["all", 1, "segment"], what: "there is no segment 'gone'", next: "Did you mean loyal?" }, { path: [], what: "everybody is in it", warning: true }],
  });
  const second = screen.getByRole("group", { name: "condition 2" });
  expect(within(second).getByText(/There is no segment 'gone'\. Did you mean loyal\?/)).toBeTruthy();
  expect(within(second).getByText("3")).toBeTruthy();
  expect(within(screen.getByRole("group", { name: "condition 1" })).getAllByText("6,914")).toHaveLength(2);
  expect(screen.getByText("Everybody is in it.")).toBeTruthy();
});

it("draws every kind of condition, and changes nothing by that", () => {
  const rows = fromYaml(WRITTEN).value as Json[];
  const { container } = show({ all: rows }, { readOnly: true });
  expect(container.querySelectorAll("[data-place]").length).toBeGreaterThan(rows.length);
  expect(container.querySelector("input, select, textarea, button")).toBeNull();
  expect(latest).toEqual({ all: rows });
});

it("has no fault of access in what can be edited", async () => {
  const { container } = show({ all: [{ did: "A", where: { b: 1 }, times: { gte: 2 }, within: "7d" }, { not: { segment: "loyal" } }, { sequence: [{ did: "A" }, { did_not: "B", within: "7d" }] }, { odd: 1 }] });
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  expect(found.violations.map((one) => `${one.id} ${one.nodes[0]?.html}`)).toEqual([]);
});

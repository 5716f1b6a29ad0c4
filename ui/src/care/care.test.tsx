import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { formatsFor } from "@/formats/formats";
import { answering, WORKSPACE } from "@/testing/answers";
import { open } from "@/testing/open";
import { toldOf } from "./case-steps";

const CASE = {
  case_id: "c1", title: "Call the customer", person: "Hannah Lindner", profile_id: "p1", state: "open", priority: "high", late: true, owner: null as string | null, reason: "No reaction",
  opened_at: "2026-05-12T07:00:00Z", due_at: "2026-05-13T07:00:00Z", closed_at: null, outcome: null, journey: null, step: null, value_at_risk: 212, version: 3,
};

it("shows what somebody else did meanwhile, keeps the note, and saves on the new version", async () => {
  let kept = { ...CASE, history: [] };
  const versions: unknown[] = [];
  vi.stubGlobal("fetch", (input: string, options?: RequestInit) => {
    const path = new URL(input, "http://app.example").pathname;
    let status = 200;
    let body: unknown = { rows: [] };
    if (path === "/api/workspace") body = WORKSPACE;
    else if (path === "/api/cases") body = { total: 1, page: 1, rows: [kept] };
    else if (path === "/api/cases/c1" && options?.method === "POST") {
      const asked = JSON.parse(String(options.body)) as { version: number; note: string };
      versions.push(asked.version);
      if (asked.version === 3) kept = { ...kept, owner: "anna", version: 4 };
      [status, body] = asked.version === 3 ? [409, { error: { code: "CASE_CHANGED", what: "somebody else was faster" } }] : [200, { ...kept, version: 5 }];
    } else if (path === "/api/cases/c1") body = kept;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  open("/cases/c1");
  await userEvent.type(await screen.findByRole("textbox", { name: "Note" }), "She is away.");
  await userEvent.click(screen.getByRole("button", { name: "Save changes" }));
  expect((await screen.findByRole("alert")).textContent).toMatch(/Somebody else changed this case/);
  await waitFor(() => expect(screen.getAllByRole<HTMLInputElement>("textbox", { name: "Owner" }).map((field) => field.value)).toContain("anna"));
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Note" }).value).toBe("She is away.");
  await userEvent.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("Case saved.")).toBeTruthy();
  expect(versions).toEqual([3, 4]);
});

it("takes the case that is due first and opens it", async () => {
  const asked = answering({ "/api/cases": { total: 1, page: 1, rows: [CASE] }, "/api/cases/c1": { ...CASE, state: "in_progress", version: 4, history: [] } });
  open("/cases");
  await screen.findByText("Call the customer");
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Take the next case" });
  await waitFor(() => expect(button.disabled).toBe(false));
  await userEvent.click(button);
  expect(await screen.findByRole("complementary", { name: "Call the customer" })).toBeTruthy();
  expect(asked.find((one) => one.body)?.body).toEqual({ state: "in_progress", version: 3 });
});

it("translates codes in a history, never names", () => {
  const formats = formatsFor({ locale: "en-GB", currency: "EUR", zone: "UTC", now: "2026-05-14T07:20:00Z" });
  const step = { at: "2026-05-13T07:00:00Z", by: "eve" };
  expect(toldOf({ ...step, what: "owner", before: null, after: "anna_k" }, formats)).toBe("nobody → anna_k");
  expect(toldOf({ ...step, what: "state", before: "open", after: "in_progress" }, formats)).toBe("Open → In progress");
  expect(toldOf({ ...step, what: "due_at", before: null, after: "2026-05-14T09:00:00+00:00" }, formats)).toBe("none → today 09:00");
  expect(toldOf({ ...step, what: "note", before: null, after: "left a message" }, formats)).toBe("left a message");
});

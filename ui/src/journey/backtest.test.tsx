import { expect, test } from "vitest";
import { daysOf } from "./backtest-days";
import { said } from "./backtest";
import { formatsFor } from "@/formats/formats";

const guess = (value: number, low = value, high = value) => ({ value, low, high });
const formats = formatsFor({ locale: "en", currency: "EUR", zone: "UTC", now: "2026-03-01T00:00:00Z" });

test("days without entries and messages are there too, and channels are added up", () => {
  const days = daysOf({
    entries: [{ day: "2026-02-27", treated: guess(8), held_out: guess(2) }],
    messages: [{ day: "2026-03-02", channel: "email", sent: guess(3, 2, 5) }, { day: "2026-03-02", channel: "sms", sent: guess(1) }],
  });
  expect(days.map((one) => one.day)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
  expect(days[0]?.entered).toEqual(guess(10));
  expect(days[1]?.sent).toEqual(guess(0));
  expect(days[3]?.sent).toEqual(guess(4, 3, 6));
  expect(daysOf({ entries: [], messages: [] })).toEqual([]);
});

test("a number has its interval only where it is assumed", () => {
  expect(said(formats, guess(1200))).toBe("1,200");
  expect(said(formats, guess(20, 15, 24))).toBe("20 (15 to 24)");
});

import { describe, expect, it } from "vitest";
import { formatsFor } from "./formats";
import { spanOf } from "./span";
import { words } from "./words";

const of = formatsFor({ locale: "en-GB", currency: "EUR", zone: "Europe/Berlin", now: "2026-05-14T07:20:00Z" });

describe("formats", () => {
  it("writes counts", () => {
    expect([of.count(128412), of.count(1_840_000), of.countShort(128412), of.count(null)]).toEqual(["128,412", "1.84 million", "128k", "–"]);
    expect([of.people(1), of.people(86)]).toEqual(["1 person", "86 people"]);
  });
  it("writes shares with a kept space, and no decimals on few people", () => {
    expect([of.share(0.314), of.share(0.314, 100)]).toEqual(["31.4\u00a0%", "31\u00a0%"]);
  });
  it("never claims a probability above 99 % or below 1 %", () => {
    expect([of.probability(0.004), of.probability(0.999), of.probability(0.74)]).toEqual(["under 1\u00a0%", "over 99\u00a0%", "74\u00a0%"]);
    expect(of.probabilityInterval(0.001, 0.9999)).toBe("1–99\u00a0%");
  });
  it("writes money by its size", () => {
    expect([of.money(84.2), of.money(41300), of.money(1_280_000), of.money(-12.5)]).toEqual(["€84.20", "€41,300", "€1.28 million", "−€12.50"]);
  });
  it("writes intervals and changes with a true minus", () => {
    expect(of.interval(0.31, 0.318, "rate")).toBe("31.0–31.8\u00a0%");
    expect(of.interval(-11, -1, "count")).toBe("−11 to −1");
    expect(of.change(-0.012, "rate", true)).toBe("−1.2 pts");
  });
  it("writes instants in the zone of the workspace", () => {
    expect(of.instant("2026-05-14T07:20:00Z")).toBe("14 May 2026, 09:20");
    expect([of.day("2026-05-14T07:20:00Z"), of.day("2025-05-14T07:20:00Z")]).toEqual(["14 May", "14 May 2025"]);
    expect([of.ago("2026-05-14T07:08:00Z"), of.ago("2026-05-12T07:08:00Z")]).toEqual(["12 min ago", "12 May"]);
    expect([of.due("2026-05-14T14:00:00Z"), of.due("2026-05-15T07:00:00Z")]).toEqual(["today 16:00", "tomorrow 09:00"]);
    expect(of.span(186 * 60_000)).toBe("3 h 06 min");
  });
  it("writes spans and codes in words", () => {
    expect([spanOf("39w"), spanOf("1d"), spanOf("soon"), spanOf("13mo"), spanOf("15m")]).toEqual(["39 weeks", "1 day", "soon", "13 months", "15 minutes"]);
    expect([words("no_consent"), words("a_new_code")]).toEqual(["No consent", "A new code"]);
  });
});

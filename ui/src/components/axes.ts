import type { Colours } from "./chart";

/** Axes, grid and tooltip as every chart has them. */
export function valueAxis(colours: Colours, label: (value: number) => string, name = "") {
  return {
    type: "value" as const,
    name,
    nameGap: 12,
    nameTextStyle: { color: colours.muted, fontSize: 11, align: "left" as const },
    splitNumber: 4,
    axisLabel: { color: colours.muted, fontSize: 11, formatter: label },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colours.border } },
  };
}

export function lowerAxis(colours: Colours, label: (value: number) => string, name: string) {
  return {
    ...valueAxis(colours, label),
    name,
    nameLocation: "middle" as const,
    nameGap: 26,
    nameTextStyle: { color: colours.muted, fontSize: 11 },
    splitLine: { show: false },
    axisLine: { show: true, lineStyle: { color: colours.strong } },
  };
}

export function tooltip(colours: Colours) {
  return {
    backgroundColor: colours.surface,
    borderColor: colours.border,
    padding: [7, 10] as [number, number],
    textStyle: { color: colours.text, fontSize: 12 },
    extraCssText: `box-shadow: ${colours["shadow-menu"]}; border-radius: 6px;`,
    confine: true,
  };
}

/** Text for a tooltip of ECharts, which takes HTML. */
export const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

import "@xyflow/react/dist/style.css";
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import { IconArrowsShuffle, IconTrendingUp, IconUserOff, type Icon } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Tone } from "@/components/page";
import { useFormats } from "@/formats/context";
import { useForeseen } from "./backtest";
import { layout, STEP_WIDTH, type Drawn } from "./layout";
import { countOf, kindOf, signOf } from "./step-words";

type CardData = { title: string; icon: Icon; tone: Tone | undefined; value: string; what: string; here: string; share: number; chosen: boolean; opens: boolean };

interface Props {
  journey: Drawn;
  chosen?: string;
  /** Absent where nobody has gone through yet: what steps are is said in place of numbers, and none opens. */
  onChoose?: (key: string | undefined) => void;
}

/** The journey drawn; its steps stand in the order of the document for the keyboard, and the list holds the same for the phone. */
export default function Canvas({ journey, chosen, onChoose }: Props) {
  const formats = useFormats();
  const bare = !onChoose;
  const foreseen = useForeseen(bare ? undefined : journey.key);
  const { nodes, edges, height } = useMemo(() => {
    const placed = layout(journey);
    const all = Math.max(journey.entered, 1);
    const nodes = placed.nodes.map((one): Node<CardData> => ({ id: one.id, type: "card", position: { x: one.x, y: one.y }, draggable: false, selectable: false, focusable: false, data: { ...cardOf(one), chosen: one.id === chosen, opens: one.kind === "step" && !bare } }));
    const edges = placed.joints.map((one): Edge => ({
      id: one.id, source: one.from, target: one.to, label: labelOf(one), type: "smoothstep", sourceHandle: one.side ? "right" : "bottom", targetHandle: one.side ? "left" : "top",
      pathOptions: { offset: 8, borderRadius: 10 }, markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--ft-strong)" }, style: { strokeWidth: 1.5 }, focusable: false,
    }) as Edge);
    return { nodes, edges, height: Math.max(...placed.nodes.map((one) => one.y)) + 66 + 48 };
    function labelOf(one: (typeof placed.joints)[number]): string | undefined {
      if (one.passed === undefined || one.passed === 0) return one.label;
      return one.label ? `${one.label} · ${formats.count(one.passed)}` : undefined;
    }
    function cardOf(one: (typeof placed.nodes)[number]): Omit<CardData, "chosen" | "opens"> {
      if (one.step) {
        const { icon, tone } = signOf(one.step);
        if (bare) return { title: one.step.title, icon, tone, value: "", what: kindOf(one.step), here: "", share: 0 };
        const { value, what } = countOf(one.step);
        return { title: one.step.title, icon, tone, value: formats.count(value), what, here: [one.step.counts.here ? `${formats.count(one.step.counts.here)} ${one.step.kind === "wait" ? "waiting" : "here"}` : "", foreseen[one.step.key] ? `back-test ${foreseen[one.step.key]}` : ""].filter(Boolean).join(" · "), share: one.step.counts.in / all };
      }
      if (bare) return { ...BARE[one.kind === "step" ? "enter" : one.kind], value: "", here: "", share: 0 };
      if (one.kind === "enter") return { title: "Enters", icon: IconTrendingUp, tone: "accent", value: formats.count(journey.entered), what: journey.entered === 1 ? "person entered" : "people entered", here: "", share: 1 };
      if (one.kind === "holdout") return { title: `Hold out ${formats.share(journey.holdout, 1)}`, icon: IconArrowsShuffle, tone: undefined, value: formats.count(journey.arms.treated), what: "go on", here: "", share: journey.arms.treated / all };
      return { title: "Held out, nothing sent", icon: IconUserOff, tone: undefined, value: formats.count(journey.arms.held_out), what: "people", here: "", share: journey.arms.held_out / all };
    }
  }, [journey, chosen, formats, foreseen, bare]);
  return (
    <div className="ft-canvas" style={{ height }}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        fitView
        fitViewOptions={{ padding: 0.035, maxZoom: 1 }}
        minZoom={0.3}
        maxZoom={1.5}
        nodesConnectable={false}
        nodesFocusable={false}
        disableKeyboardA11y
        edgesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, node) => onChoose?.(node.id.startsWith(" ") ? undefined : node.id)}
        onPaneClick={() => onChoose?.(undefined)}
        aria-label={`Steps of ${journey.title}`}
      >
        <Background gap={22} size={1} color="var(--ft-border)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

const BARE = {
  enter: { title: "Enters", icon: IconTrendingUp, tone: "accent", what: "whoever is let in" },
  holdout: { title: "Hold out", icon: IconArrowsShuffle, tone: undefined, what: "by chance, to measure" },
  held_out: { title: "Held out, nothing sent", icon: IconUserOff, tone: undefined, what: "their goal is counted" },
} as const;

/** A step is a button, so that the tabulator reaches it and Enter opens it: its click is the node's click. */
function StepCard({ data }: NodeProps<Node<CardData>>) {
  const inside = (
    <>
      <span className="name"><span className="ft-well" data-tone={data.tone}><data.icon size={14} stroke={1.7} aria-hidden /></span><span className="ft-clip" title={data.title}>{data.title}</span></span>
      <span className="numbers">{" "}<b>{data.value}</b> <span>{data.what}</span> <span>{data.here}</span></span>
      <span className="bar"><i data-tone={data.tone === "good" ? "good" : data.tone === "warn" ? "warn" : data.tone === "accent" ? undefined : "rest"} style={{ width: `${Math.min(100, data.share * 100)}%` }} /></span>
    </>
  );
  return (
    <>
      <Handle id="top" type="target" position={Position.Top} /><Handle id="left" type="target" position={Position.Left} />
      {data.opens
        ? <button type="button" className="ft-step" data-chosen={data.chosen} aria-expanded={data.chosen} style={{ width: STEP_WIDTH }}>{inside}</button>
        : <div className="ft-step" style={{ width: STEP_WIDTH, cursor: "default" }}>{inside}</div>}
      <Handle id="bottom" type="source" position={Position.Bottom} /><Handle id="right" type="source" position={Position.Right} />
    </>
  );
}

const TYPES = { card: StepCard };

import { Button, Menu } from "@mantine/core";
import { IconBan, IconFolderPlus, IconPlus, IconX } from "@tabler/icons-react";
import { useRef } from "react";
import { useEditing } from "./context";
import { GroupCounts } from "./counts";
import { ELSEWHERE, OFFERS } from "./heads";
import { phrasesOf } from "./phrases";
import { Faults, More, PhraseField, Row } from "./row";
import { Pick } from "./token";
import { added, DEEPEST, joined, partAt, removed, slotAt, type Join, type Part } from "./tree";
import { at, below, placeOf, put, same, type Json, type Path } from "./written";

const JOINS = [["all", "all"], ["any", "any"]] as const;
const OPENINGS = { all: "and", any: "and", not: "except for those who match", account: "in an account that, its members taken as one, matches" } as const;

/** The parts of a group, each a row, a group or a sequence, and what can be added. */
export function Parts({ slot, depth, name, join = "all" }: { slot: Path; depth: number; name: string; join?: Join }) {
  const { value, readOnly, parts } = useEditing();
  const add = useRef<HTMLButtonElement>(null);
  const { items } = slotAt(value, slot);
  const lefts = items.map((item) => parts.get(placeOf(item))?.left ?? null).filter((left) => left !== null);
  const most = lefts.length ? Math.max(...lefts) : null;
  return (
    <>
      {items.map((item, index) => <PartField key={placeOf(item)} part={partAt(value, item, depth)} depth={depth} name={`${name} ${index + 1}`} most={most} onEnter={() => add.current?.click()} />)}
      {!readOnly && <AddBar slot={slot} depth={depth} join={join} add={add} name={name} />}
    </>
  );
}

function PartField({ part, depth, name, most, onEnter }: { part: Part; depth: number; name: string; most: number | null; onEnter: () => void }) {
  if (part.kind === "row") return <Row path={part.path} name={name} most={most} depth={depth} onEnter={onEnter} />;
  return part.kind === "steps" ? <Steps part={part} name={name} depth={depth} /> : <Group part={part} name={name} depth={depth} />;
}

function Group({ part, name, depth }: { part: Extract<Part, { kind: "group" }>; name: string; depth: number }) {
  const { value, change, readOnly, faults } = useEditing();
  const { join, items } = slotAt(value, part.slot);
  const own = faults.filter((fault) => below(fault.path, part.path) && !items.some((item) => below(fault.path, item)));
  return (
    <div className="ft-cond-group" role="group" aria-label={name} data-place={placeOf(part.path)} data-head={part.head}>
      <div className="ft-cond-grouphead">
        <span className="ft-word">{OPENINGS[part.head]}</span>
        {items.length > 1 || join ? <JoinPick slot={part.slot} name={name} /> : null}
        <span className="ft-word">{items.length > 1 || join ? "of these" : "this"}</span>
        <span className="grow" />
        <GroupCounts path={part.path} />
        {!readOnly && <button type="button" className="ft-iconbutton ft-cond-x" aria-label={`Take out ${name}`} title="Take out" onClick={() => change(removed(value, part.path))}><IconX size={15} stroke={1.7} aria-hidden /></button>}
      </div>
      <Faults faults={own} />
      <Parts slot={part.slot} depth={depth + 1} name={name} join={part.head === "not" ? "any" : "all"} />
    </div>
  );
}

export function JoinPick({ slot, name }: { slot: Path; name: string }) {
  const { value, change, readOnly } = useEditing();
  const join = slotAt(value, slot).join ?? "all";
  if (readOnly) return <b>{join}</b>;
  return <Pick label={`How many of ${name} must hold`} value={join} options={JOINS} onPick={(next) => change(joined(value, slot, next as Join))} />;
}

/** Events one after another, or how often some are there for each of others. */
function Steps({ part, name, depth }: { part: Extract<Part, { kind: "steps" }>; name: string; depth: number }) {
  const { value, change, readOnly, faults, focus } = useEditing();
  const node = at(value, part.path) ?? null;
  const list = at(value, [...part.path, part.head]) as Json[];
  const isSequence = part.head === "sequence";
  const opening = isSequence ? "one after another they" : "how often they";
  const set = (next: Json, tag: string) => change(put(value, part.path, next), tag && `${placeOf(part.path)} ${tag}`);
  const own = faults.filter((fault) => below(fault.path, part.path) && !list.some((_, index) => below(fault.path, [...part.path, part.head, index])));
  const phrases = phrasesOf(node) ?? [];
  const another = () => {
    const path = [...part.path, part.head, list.length];
    change(put(value, path, { did: "", within: "7d" }));
    focus(path);
  };
  return (
    <div className="ft-cond-group" role="group" aria-label={name} data-place={placeOf(part.path)} data-head={part.head}>
      <div className="ft-cond-grouphead">
        <span className="ft-word">{opening}</span><span className="grow" />
        <GroupCounts path={part.path} />
        {!readOnly && <button type="button" className="ft-iconbutton ft-cond-x" aria-label={`Take out ${name}`} title="Take out" onClick={() => change(removed(value, part.path))}><IconX size={15} stroke={1.7} aria-hidden /></button>}
      </div>
      {list.map((_, index) => (
        <div key={index}>
          {!isSequence && index === 1 && <p className="ft-word" style={{ padding: "4px 0 0 34px" }}>for each</p>}
          <Row path={[...part.path, part.head, index]} name={`${name}, step ${index + 1}`} most={null} depth={depth + 1} place={index === 0 || !isSequence ? "first" : "step"} fixed={!isSequence || index === 0} />
        </div>
      ))}
      <div className="ft-cond-after">
        <div className="ft-cond-said">
          {phrases.map((phrase) => <PhraseField key={phrase.id} phrase={phrase} node={node} onChange={set} />)}
          {!readOnly && isSequence && <button type="button" className="ft-link ft-small" onClick={another}>Then …</button>}
          {!readOnly && <More node={node} name={name} onAdd={(next) => { set(next, ""); focus(part.path, true); }} />}
        </div>
      </div>
      <Faults faults={own} />
    </div>
  );
}

function AddBar({ slot, depth, join, add, name }: { slot: Path; depth: number; join: Join; add: React.RefObject<HTMLButtonElement | null>; name: string }) {
  const { value, change, also, focus } = useEditing();
  const offers = OFFERS.filter((offer) => !ELSEWHERE.includes(offer.id) || also.includes(offer.id));
  const groups = [...new Set(offers.map((offer) => offer.group))];
  const put_ = (part: Json) => {
    const next = added(value, slot, part, join);
    if (same(next.value, value)) return;
    change(next.value);
    focus(next.path);
  };
  const deepEnough = depth >= DEEPEST;
  return (
    <div className="ft-cond-add">
      <Menu position="bottom-start" width={250} withinPortal>
        <Menu.Target><Button ref={add} variant="light" size={depth ? "xs" : "sm"} leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />} aria-label={depth ? `Condition in ${name}` : "Condition"}>Condition</Button></Menu.Target>
        <Menu.Dropdown className="ft-cond-menu" mah={420} style={{ overflowY: "auto" }}>
          {groups.map((group) => [
            <Menu.Label key={group}>{group}</Menu.Label>,
            ...offers.filter((offer) => offer.group === group).map((offer) => <Menu.Item key={offer.id} onClick={() => put_(offer.part)}>{offer.title}</Menu.Item>),
          ])}
        </Menu.Dropdown>
      </Menu>
      {!deepEnough && <Button variant="subtle" size={depth ? "xs" : "sm"} color="gray" className="ft-quiet" leftSection={<IconFolderPlus size={15} stroke={1.7} aria-hidden />} aria-label={depth ? `Group in ${name}` : "Group"} onClick={() => put_({ any: [{ did: "" }, { did: "" }] })}>Group</Button>}
      {!deepEnough && <Button variant="subtle" size={depth ? "xs" : "sm"} color="gray" className="ft-quiet" leftSection={<IconBan size={15} stroke={1.7} aria-hidden />} aria-label={depth ? `Except in ${name}` : "Except"} onClick={() => put_({ not: { did: "" } })}>Except</Button>}
    </div>
  );
}

import { Menu } from "@mantine/core";
import { IconAlertTriangle, IconGripVertical, IconPlus, IconX } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import { asSentence } from "@/components/sentence";
import { useEditing, type Fault } from "./context";
import { Counts } from "./counts";
import { additionsTo, headOf } from "./heads";
import { phrasesOf, type Phrase } from "./phrases";
import { TokenField, YamlText } from "./token";
import { doubled, removed, shifted, wrapped } from "./tree";
import { at, below, isMapping, placeOf, put, type Json, type Path } from "./written";

interface RowProps { path: Path; name: string; most: number | null; place?: "row" | "step" | "first"; onEnter?: () => void; depth: number; fixed?: boolean }

/** One condition as a sentence of tokens, with what it holds and what is wrong with it. */
export function Row({ path, name, most, place = "row", onEnter, depth, fixed }: RowProps) {
  const { value, change, readOnly, faults, focus } = useEditing();
  const node = at(value, path) ?? null;
  const phrases = phrasesOf(node, place);
  const mine = faults.filter((fault) => below(fault.path, path));
  const set = (next: Json, tag: string) => change(put(value, path, next), tag && `${placeOf(path)} ${tag}`);
  const shift = (by: number) => {
    const next = shifted(value, path, by);
    change(next.value);
    focus(next.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (readOnly || event.defaultPrevented) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      shift(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.getAttribute("aria-expanded") !== "true" && onEnter) {
      event.preventDefault();
      onEnter();
    }
  };
  return (
    <div className="ft-cond" role="group" aria-label={name} data-place={placeOf(path)} data-wrong={mine.some((fault) => !fault.warning)} onKeyDown={onKeyDown}>
      {!readOnly && <RowMenu path={path} name={name} depth={depth} fixed={fixed} onShift={shift} />}
      <div className="ft-cond-said">
        {phrases ? phrases.map((phrase) => <PhraseField key={phrase.id} phrase={phrase} node={node} onChange={set} />) : readOnly ? <Unformed node={node} /> : <YamlText label={name} value={node} path={[]} node={node} onChange={set} />}
        {phrases && !readOnly && <More node={node} name={name} onAdd={(next) => { set(next, ""); focus(path, true); }} />}
        <Faults faults={mine} />
      </div>
      {place === "row" ? <Counts path={path} most={most} /> : <><span /><span /></>}
      {readOnly ? null : !fixed ? <button type="button" className="ft-iconbutton ft-cond-x" aria-label={`Take out ${name}`} title="Take out" onClick={() => change(removed(value, path))}><IconX size={15} stroke={1.7} aria-hidden /></button> : <span />}
    </div>
  );
}

const Unformed = ({ node }: { node: Json }) => <code className="ft-mono">{JSON.stringify(node)}</code>;

export function PhraseField({ phrase, node, onChange }: { phrase: Phrase; node: Json; onChange: (node: Json, tag: string) => void }) {
  const { readOnly } = useEditing();
  const head = headOf(node);
  const { without } = phrase;
  return (
    <span className="ft-phrase">
      {phrase.tokens.map((token, index) => <TokenField key={`${token.kind} ${index}`} token={token} node={node} head={head} onChange={onChange} />)}
      {without && !readOnly && <button type="button" className="ft-phrase-x" aria-label={`Without ${phrase.title ?? "this"}`} title={`Without ${phrase.title ?? "this"}`} onClick={() => onChange(without(node), "")}><IconX size={12} stroke={2} aria-hidden /></button>}
    </span>
  );
}

/** What can still be said in this row. */
export function More({ node, name, onAdd }: { node: Json; name: string; onAdd: (node: Json) => void }) {
  const offered = additionsTo(node);
  if (offered.length === 0 || !isMapping(node)) return null;
  return (
    <Menu position="bottom-start" width={260} withinPortal>
      <Menu.Target><button type="button" className="ft-token-more" aria-label={`Add to ${name}`} title="Add to this condition"><IconPlus size={14} stroke={1.7} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown className="ft-cond-menu">{offered.map((one) => <Menu.Item key={one.id} onClick={() => onAdd(one.add(node))}>{one.title}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  );
}

interface RowMenuProps { path: Path; name: string; depth: number; fixed?: boolean; onShift: (by: number) => void }

function RowMenu({ path, name, depth, fixed, onShift }: RowMenuProps) {
  const { value, change } = useEditing();
  if (fixed) return <span />;
  const inList = typeof path.at(-1) === "number";
  const list = at(value, path.slice(0, -1));
  const [from, last] = [Number(path.at(-1)), Array.isArray(list) ? list.length - 1 : 0];
  const isStep = path.at(-2) === "sequence";
  return (
    <Menu position="bottom-start" width={230} withinPortal>
      <Menu.Target><button type="button" className="ft-cond-grip" aria-label={`Do something with ${name}`} title="Move, copy, group (Alt and arrows move)"><IconGripVertical size={15} stroke={1.7} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown className="ft-cond-menu">
        <Menu.Item disabled={!inList || from === 0} onClick={() => onShift(-1)}>Move up</Menu.Item>
        <Menu.Item disabled={!inList || from === last} onClick={() => onShift(1)}>Move down</Menu.Item>
        <Menu.Item onClick={() => change(doubled(value, path))}>Copy below</Menu.Item>
        {!isStep && <Menu.Item disabled={depth >= 3} onClick={() => change(wrapped(value, path, "any"))}>Put in a group</Menu.Item>}
        {!isStep && <Menu.Item disabled={depth >= 3} onClick={() => change(wrapped(value, path, "not"))}>Except for these</Menu.Item>}
        <Menu.Divider />
        <Menu.Item onClick={() => change(removed(value, path))}>Take out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** What the server found wrong, at its place. */
export function Faults({ faults }: { faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <div role="status" className="ft-cond-faults"><ul>
      {faults.map((fault, index) => (
        <li key={index} className={fault.warning ? "ft-warn" : "ft-bad"}><IconAlertTriangle size={14} stroke={1.7} className="ft-icon" aria-hidden /><span>{asSentence(fault.what)}{fault.next ? ` ${fault.next}` : ""}</span></li>
      ))}
    </ul></div>
  );
}

import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { purposeOf, stateOf, whyOf } from "./words";

/** What may be done with somebody, on which ground, and every word they ever said. */
export function PersonConsents({ id }: { id: string }) {
  const query = useQuery(queries.personConsents(id));
  return <Loaded query={query} rows={3}>{(body) => <Told body={body} />}</Loaded>;
}

function Told({ body }: { body: Schemas["PersonConsents"] }) {
  const formats = useFormats();
  const [open, setOpen] = useState(false);
  return (
    <Card title="May we?" side="by purpose">
      <ul className="ft-body">
        {body.rows.map((one) => {
          const Sign = one.allowed ? IconCheck : IconX;
          const tone = one.allowed ? "good" : "bad";
          return (
            <li className="ft-line" key={one.name}>
              <Sign size={16} stroke={2} className={`ft-icon ft-${tone}`} style={{ color: `var(--ft-${tone})` }} aria-hidden />
              <span>{purposeOf(one.name)}</span>
              <span className="ft-small"><span className={`ft-${tone}`}>{one.allowed ? "yes" : "no"}</span><span className="ft-muted">, {whyOf(one.reason)}{one.at && `, ${formats.day(one.at)}`}</span></span>
            </li>
          );
        })}
        {body.rows.length === 0 && <li className="ft-muted">No consent recorded, so nothing of marketing is sent.</li>}
      </ul>
      {body.history.length > 0 && (
        <div className="ft-body">
          <button type="button" className="ft-link ft-small" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Hide what was said" : `What was said, ${formats.plural(body.history.length, "word", "words")}`}</button>
          {open && <ul className="ft-small">{body.history.map((word) => <Word key={`${word.message_id} ${word.name}`} word={word} />)}</ul>}
        </div>
      )}
    </Card>
  );
}

function Word({ word }: { word: Schemas["ConsentWord"] }) {
  const formats = useFormats();
  const told = [word.source && `at ${word.source}`, word.wording && `wording ${word.wording}`, word.expires_at && `until ${formats.day(word.expires_at)}`].filter(Boolean);
  return <li style={{ marginTop: 6, overflowWrap: "anywhere" }}><b className="ft-strong">{stateOf(word.state)}</b> {purposeOf(word.name)}<div className="ft-muted">{formats.instant(word.at)}{told.length > 0 && ` · ${told.join(" · ")}`}</div></li>;
}

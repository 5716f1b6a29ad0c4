import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";

const PAGE_ROWS = 50;

/** What people wrote, the newest first; shown as text, whatever they wrote. */
export function WrittenAnswers({ survey, part, ask }: { survey: string; part: Schemas["PartResultBody"]; ask: string }) {
  const formats = useFormats();
  const [address] = useAddress();
  const [page, setPage] = useState(1);
  const query = useQuery(queries.surveyTexts(survey, { of: part.path, page, channel: address.channel, language: address.language, days: address.days }));
  return (
    <Loaded query={query} rows={4}>
      {(found) => (
        <>
          <ul className="ft-written" aria-label={`Words: ${ask}`}>
            {found.rows.map((row) => (
              <li key={row.response_id}>
                <p lang={row.language ?? undefined} dir="auto">{row.text}</p>
                <p className="ft-muted ft-small">
                  {row.profile_id ? <PersonLink id={row.profile_id} name={row.person} /> : "anonymous"}
                  {row.score !== null && <> · scored {formats.number(row.score, 1)}</>} · {formats.ago(row.answered_at)} · <Link to="/surveys/$key" params={{ key: survey }} search={{ tab: "responses", response: row.response_id } as never}>whole response</Link>
                </p>
              </li>
            ))}
          </ul>
          {found.total > PAGE_ROWS && (
            <div className="ft-foot">
              <span aria-live="polite">{formats.count((page - 1) * PAGE_ROWS + 1)}–{formats.count(Math.min(found.total, page * PAGE_ROWS))} of {formats.count(found.total)}</span>
              <div className="ft-actions">
                <Button size="xs" variant="default" disabled={page <= 1} onClick={() => setPage(page - 1)}>Newer</Button>
                <Button size="xs" variant="default" disabled={page * PAGE_ROWS >= found.total} onClick={() => setPage(page + 1)}>Older</Button>
              </div>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

import { Button } from "@mantine/core";
import { IconDownload, IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Copy } from "@/components/copy";
import { Badge, Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { StateBadge } from "@/journey/journeys";
import { channelName } from "./score-words";
import "@/care/care.css";
import "./listen.css";

type Sharing = Schemas["Sharing"];
type Public = Schemas["PublicAddress"];

/** The ways to a survey: a link, a QR code, a page of one's own, and journeys that ask by mail and text message. */
export function ShareTab({ survey }: { survey: Schemas["SurveyBody"] }) {
  const query = useQuery(queries.surveySharing(survey.key));
  return (
    <Loaded query={query} rows={8}>
      {(found) => (
        <div className="ft-grid">
          <div className="ft-stack ft-c8">
            <Journeys found={found} />
            {found.public ? <><TheLink found={found.public} /><OwnPage found={found.public} /></> : <OnlyInvited />}
          </div>
          {found.public && <div className="ft-stack ft-c4"><QrCode name={survey.key} found={found.public} /></div>}
        </div>
      )}
    </Loaded>
  );
}

function Journeys({ found }: { found: Sharing }) {
  const formats = useFormats();
  return (
    <Card title="By mail and text message" side="journeys ask at the right moment">
      {found.journeys.length > 0 && (
        <Table
          label="Journeys that ask" rows={found.journeys} rowKey={(row) => `${row.key} ${row.step}`}
          columns={[
            { name: "journey", title: "Journey", cell: (row) => <><Link to="/journeys/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">step {row.step}</span></> },
            { name: "by", title: "By", cell: (row) => row.channel ? channelName(row.channel) : <span className="ft-muted">as the person may be reached</span> },
            { name: "state", title: "State", cell: (row) => <StateBadge state={row.state} /> },
            { name: "asked", title: "Asked so far", number: true, key: true, cell: (row) => formats.count(row.asked) },
          ]}
        />
      )}
      {found.journeys.length === 0 && <p className="ft-body ft-muted">No journey asks it yet. Take a ready one, look at it, and start it: nobody is asked before.</p>}
      {found.ready.length > 0 && (
        <ul className="ft-readies ft-body" aria-label="Ready journeys that ask it">
          {found.ready.map((row) => (
            <li key={row.key}>
              <span><strong>{row.title}</strong>{row.there && <> <Badge>In the workspace</Badge></>}<span className="two">{row.description}</span></span>
              {row.there
                ? <Button variant="default" size="xs" component={Link} to={`/journeys/${encodeURIComponent(row.key)}`}>Open it</Button>
                : <Button variant="default" size="xs" component={Link} to={`/journeys/new?ready=${encodeURIComponent(row.key)}`}>Start asking</Button>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function OnlyInvited() {
  return (
    <Card title="By invitation only" side="public: false">
      <p className="ft-body ft-muted">It has no link for everybody: whoever opens its public address reads that it takes an invitation.</p>
    </Card>
  );
}

function TheLink({ found }: { found: Public }) {
  return (
    <Card title="By a link" side="the same for everybody">
      <div className="ft-body ft-sharelink">
        <code className="ft-mono">{found.link}</code>
        <div className="ft-actions">
          <Copy text={found.link} label="Copy the link" said="The link is on the clipboard." quiet />
          <Button variant="default" component="a" href={found.page} target="_blank" rel="noreferrer" leftSection={<IconExternalLink size={15} stroke={1.7} aria-hidden />}>Open the page</Button>
        </div>
        <p className="ft-muted ft-small">Who answers is not known. Answers of a journey’s mails belong to the person, by a link of their own.</p>
      </div>
    </Card>
  );
}

function OwnPage({ found }: { found: Public }) {
  return (
    <Card title="On a page of yours" side="a widget">
      <pre className="ft-raw ft-snippet" tabIndex={0} aria-label="Snippet of the widget">{found.snippet}</pre>
      <div className="ft-body"><Copy text={found.snippet} label="Copy the snippet" said="The snippet is on the clipboard." quiet /></div>
    </Card>
  );
}

function QrCode({ name, found }: { name: string; found: Public }) {
  const picture = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(found.qr_svg)}`;
  return (
    <Card title="As a QR code" side="for parcels, bills and counters">
      <div className="ft-body ft-qr">
        <img src={picture} alt={`QR code of ${found.link}`} width={220} height={220} />
        <Button variant="default" component="a" href={picture} download={`survey-${name}.svg`} leftSection={<IconDownload size={15} stroke={1.7} aria-hidden />}>Download as SVG</Button>
        <p className="ft-muted ft-small">Its answers say that they came by the code.</p>
      </div>
    </Card>
  );
}

import { Button, TextInput } from "@mantine/core";
import { IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { queries } from "@/api/queries";
import type { JourneyBody, Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { wayOf } from "./step-words";

type Run = Schemas["PathBody"];

/** The way that one person took through the journey. */
export function PersonPath({ journey }: { journey: JourneyBody }) {
  const [address, setAddress] = useAddress();
  const asked = typeof address.person === "string" ? address.person : "";
  const [text, setText] = useState(asked);
  const query = useQuery({ ...queries.journeyPath(journey.key, asked), enabled: asked !== "" });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAddress({ person: text.trim() || undefined }, true);
  };
  return (
    <>
      <form onSubmit={submit} className="ft-actions" style={{ marginBottom: 12 }}>
        <TextInput className="ft-field" aria-label="Person" placeholder="email:ann@customers.example" leftSection={<IconSearch size={16} stroke={1.7} aria-hidden />} value={text} onChange={(event) => setText(event.currentTarget.value)} w={320} />
        <Button type="submit" variant="default">Show the path</Button>
      </form>
      {asked === ""
        ? <Card title="Path of one person"><Empty icon={IconRoute} title="Whose path?">Enter an identifier or a public id.</Empty></Card>
        : <Loaded query={query} rows={6}>{({ rows }) => rows.length === 0 ? <Card title="Path of one person"><Empty icon={IconRoute} title="Never in this journey">The person did not enter it.</Empty></Card> : <>{rows.map((run) => <RunCard key={run.run} run={run} journey={journey} />)}</>}</Loaded>}
    </>
  );
}

function RunCard({ run, journey }: { run: Run; journey: JourneyBody }) {
  const formats = useFormats();
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  const sent = new Map(run.messages.map((one) => [one.step, one]));
  return (
    <Card title={`Entered ${formats.instant(run.entered_at)}`} side={<><Badge>{words(run.state)}</Badge> <span className="ft-muted">{`revision ${run.revision}, ${words(run.arm).toLowerCase()}`}</span></>}>
      <Table
        label="What happened"
        rows={run.passed}
        rowKey={(step) => `${step.at} ${step.step} ${step.outcome}`}
        columns={[
          { name: "at", title: "When", cell: (step) => formats.instant(step.at) },
          { name: "step", title: "Step", key: true, cell: (step) => titles.get(step.step) ?? step.step },
          { name: "outcome", title: "What happened", cell: (step) => { const message = step.outcome === "sent" ? sent.get(step.step) : undefined; return <>{words(wayOf(step.outcome))}{message?.state && <span className="two">{words(message.state)}{message.clicked_at ? ", clicked" : message.opened_at ? ", opened" : ""}</span>}</>; } },
          { name: "next", title: "Then", cell: (step) => step.outcome === "entered" ? "" : step.next === step.step ? <span className="ft-muted">waits</span> : step.next ? (titles.get(step.next) ?? step.next) : "the end" },
        ]}
      />
    </Card>
  );
}

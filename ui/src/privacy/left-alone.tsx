import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import { Card, Strip } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";

/** Who is left alone: for good by a keyed hash, for now by a restriction. */
export function LeftAlone() {
  const formats = useFormats();
  const query = useQuery(queries.suppressions());
  return (
    <>
      <Loaded query={query} rows={3}>
        {(body) => (
          <>
            <Strip facts={[
              { label: "Identifiers on the list", value: formats.count(body.identifiers), note: "as keyed hashes; the list cannot be read" },
              { label: "Events held back", value: formats.count(body.held_back.reduce((sum, one) => sum + one.events, 0)), note: "of people on the list, not taken in" },
            ]} />
            {body.held_back.length > 0 && (
              <Card title="What was held back?">
                <Table label="Events held back" rows={body.held_back} rowKey={(row) => `${row.day} ${row.source}`} columns={[{ name: "day", title: "Day", cell: (row) => formats.day(row.day) }, { name: "source", title: "Source", cell: (row) => row.source }, { name: "events", title: "Events", number: true, key: true, cell: (row) => formats.count(row.events) }]} />
              </Card>
            )}
          </>
        )}
      </Loaded>
      <LeaveAlone />
    </>
  );
}

const WAYS = [{ value: "restrictions", label: "For now: restrict processing" }, { value: "suppressions", label: "For good: suppress" }];

function LeaveAlone() {
  const client = useQueryClient();
  const say = useToast();
  const [way, setWay] = useState("restrictions");
  const [person, setPerson] = useState("");
  const doing = useMutation({
    mutationFn: () => post(`privacy/${way}`, { person: person.trim() }),
    onSuccess: () => {
      void client.invalidateQueries();
      say(way === "suppressions" ? "They are left alone for good." : "Nothing is done with them until the restriction is lifted.");
      setPerson("");
    },
  });
  return (
    <Card title="Leave somebody alone">
      <form className="ft-body" style={{ display: "grid", gap: 10 }} onSubmit={(event) => { event.preventDefault(); doing.mutate(); }}>
        <div className="ft-filters">
          <Select className="ft-field" aria-label="How" allowDeselect={false} w={240} data={WAYS} value={way} onChange={(value) => setWay(value ?? "restrictions")} />
          <TextInput className="ft-field" aria-label="Who" placeholder="email:ann@shop.example" w={280} maxLength={2000} value={person} onChange={(event) => setPerson(event.currentTarget.value)} />
          <Button type="submit" variant="default" disabled={!person.trim()} loading={doing.isPending}>Leave them alone</Button>
        </div>
        <p className="ft-muted ft-small">{way === "suppressions" ? "Nothing is sent, and a later import or sync of theirs is not taken in. Their data stay; to remove them, erase. Undo it with foretell privacy suppress ID --lift." : "Their data stay; nothing is sent, scored, trained on or exported until foretell privacy restrict ID --lift."}</p>
        {doing.isError && <Failed error={doing.error} />}
      </form>
    </Card>
  );
}

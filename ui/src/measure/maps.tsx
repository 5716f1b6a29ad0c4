import { Button } from "@mantine/core";
import { IconMap2, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Page } from "@/components/page";
import { Empty, Failed, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import "./map.css";

type Row = Schemas["MapRow"];

/** The maps there are, and those to begin with. */
export function MapsPage() {
  const query = useQuery(queries.maps());
  return (
    <Page title="Journey maps" purpose="Through which stages do people go, who goes on, and where do they stop?">
      <Loaded query={query} rows={4}>
        {({ rows, ready }) => (
          <>
            <div className="ft-card">
              {rows.length > 0 ? <Rows rows={rows} /> : (
                <Empty icon={IconMap2} title="No journey map yet">
                  A map has stages, each a condition such as “bought twice”, and touchpoints, each an event. Begin with the one below and change it to your events.
                </Empty>
              )}
            </div>
            {ready.length > 0 && <Ready rows={ready} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const formats = useFormats();
  const columns: Column<Row>[] = [
    { name: "map", title: "Map", cell: (row) => <><Link to="/maps/$key" params={{ key: row.key }}>{row.title}</Link>{row.description && <span className="two">{row.description}</span>}</> },
    { name: "stages", title: "Stages", cell: (row) => row.stages.join(" → ") },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">nobody</span> },
    { name: "touchpoints", title: "Touchpoints", number: true, key: true, cell: (row) => formats.count(row.touchpoints) },
  ];
  return <Table label="Journey maps" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

function Ready({ rows }: { rows: Schemas["ReadyMapRow"][] }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const begin = useMutation({
    mutationFn: (key: string) => post<Schemas["SavedDocument"]>(`maps/ready/${encodeURIComponent(key)}`, {}),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["maps"] });
      say("The map is there. Change its conditions to what your events say.");
      void navigate({ to: "/maps/$key", params: { key: saved.key } });
    },
  });
  return (
    <Card title="To begin with">
      {begin.isError && <Failed error={begin.error} />}
      <ul className="ft-mapready">
        {rows.map((row) => (
          <li key={row.key}>
            <span><strong>{row.title}</strong><span className="two">{row.description}</span></span>
            <Button variant="default" size="xs" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} loading={begin.isPending && begin.variables === row.key} onClick={() => begin.mutate(row.key)}>Make this map</Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

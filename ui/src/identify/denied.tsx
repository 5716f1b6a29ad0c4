import { IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { pageOf, type Address } from "@/components/address";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { Named } from "./evidence";
import { ruleOf } from "./why";

/** Joins that limits and rules denied: where two people stayed two. */
export function Denied({ address, onChange }: { address: Record<string, string | undefined>; onChange: (change: Address) => void }) {
  const formats = useFormats();
  const query = useQuery(queries.deniedJoins({ page: pageOf(address) }));
  return (
    <Loaded query={query} rows={10}>
      {(body) => (
        <div className="ft-card">
          {body.rows.length === 0 ? (
            <Empty icon={IconShieldCheck} title="No join was denied">When an event would glue more together than the rules allow, it is kept from doing so and counted here.</Empty>
          ) : (
            <>
              <Table
                label="Denied joins" rows={body.rows} rowKey={(row) => `${row.rule} ${row.kind_a} ${row.value_a} ${row.kind_b} ${row.value_b}`}
                columns={[
                  { name: "rule", title: "Denied by", cell: (row) => <>{ruleOf(row.rule)}<span className="two" style={{ overflowWrap: "anywhere" }}><Named kind={row.kind_a} value={row.value_a} /> <span className="ft-muted">with</span> <Named kind={row.kind_b} value={row.value_b} /></span></> },
                  { name: "last", title: "Last", cell: (row) => <span className="ft-muted">{formats.instant(row.last_at)}</span> },
                  { name: "times", title: "Times", number: true, key: true, cell: (row) => formats.count(row.times) },
                ]}
              />
              <Pager page={pageOf(address)} total={body.total} what="joins" onPage={(next) => onChange({ page: next === 1 ? undefined : next })} />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}

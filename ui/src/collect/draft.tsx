import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { Card } from "@/components/page";
import { Copy } from "@/components/copy";
import { Loaded } from "@/components/states";

/** A plan as the data are: to be read, tightened and kept with the other files. */
export function Draft({ from }: { from?: string }) {
  const query = useQuery(queries.draft({ from }));
  return (
    <Loaded query={query} rows={14} what="Looking at what arrived">
      {(draft) => (
        <Card title="A plan as the data are" side={<Copy text={draft.document} label="Copy the plan" said="The plan is copied." />} line>
          <p className="ft-muted" style={{ padding: "10px 14px 0" }}>Nothing is in force yet. Copy it into tracking/{draft.key}.yaml of the workspace, name owners, take out what is not meant to be, then run foretell apply.</p>
          <pre className="ft-pre" tabIndex={0} aria-label="Tracking document">{draft.document}</pre>
        </Card>
      )}
    </Loaded>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Copy } from "@/components/copy";
import { Loaded } from "@/components/states";
import { Tabs } from "@/deliver/tabs";

type Kind = Schemas["Snippet"]["kind"];
const KINDS: readonly (readonly [Kind, string])[] = [["browser", "Web page"], ["node", "Node"], ["python", "Python"], ["rudder", "RudderStack"], ["curl", "curl"]];

/** Text to copy for whoever sends, with the address of this server and the newest key in it. */
export function Snippets({ source }: { source: Schemas["SourceBody"] }) {
  const kinds = source.format === "webhook" ? KINDS.filter(([kind]) => kind === "curl") : KINDS;
  const [kind, setKind] = useState<Kind>(kinds[0]?.[0] ?? "curl");
  const ready = source.format === "webhook" || source.keys > 0;
  const query = useQuery({ ...queries.snippet(source.key, kind), enabled: ready });
  return (
    <Card title="How does it send?" side={source.address}>
      <Tabs label="Kind of sender" tabs={kinds} chosen={kind} onChoose={setKind} inset />
      {ready ? (
        <Loaded query={query} rows={5}>
          {(snippet) => (
            <>
              <pre className="ft-pre" tabIndex={0} aria-label="Snippet">{snippet.text}</pre>
              <div className="ft-foot">
                <span>{snippet.consent === "required" ? "Nothing that tells who somebody is goes in before they agree." : "Every event is taken in as it comes."}</span>
                <Copy text={snippet.text} label="Copy the snippet" said="The snippet is copied." />
              </div>
            </>
          )}
        </Loaded>
      ) : (
        <p className="ft-muted" style={{ padding: "12px 14px" }}>A snippet needs a write key. Make one above; then it stands here, ready to copy.</p>
      )}
    </Card>
  );
}

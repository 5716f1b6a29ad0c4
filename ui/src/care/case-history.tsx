import { Section } from "@/components/panel";
import type { Schemas } from "@/api/types";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { toldOf, WHATS } from "./case-steps";

export function History({ body }: { body: Schemas["CaseBody"] }) {
  const formats = useFormats();
  return (
    <Section title="History">
      {body.history.toReversed().map((one, index) => (
        <div className="ft-line" key={`${one.at}${index}`} style={{ alignItems: "flex-start" }}>
          <span>
            <span className="ft-strong">{WHATS[one.what] ?? words(one.what)}</span>{" "}
            <span className="ft-muted"><bdi>{toldOf(one, formats)}</bdi>{one.by ? ` · ${one.by}` : ""}</span>
          </span>
          <span /><span className="ft-muted ft-small ft-num">{formats.due(one.at)}</span>
        </div>
      ))}
    </Section>
  );
}

import { Checkbox } from "@mantine/core";
import { Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { Refused } from "./refused";
import { useChange, type Body, type Change } from "./use-change";

/** What to do, step by step, with who did it. */
export function Playbook({ body }: { body: Body }) {
  const formats = useFormats();
  const change = useChange<Change>(body, "", "");
  const steps = body.playbook ?? [];
  if (steps.length === 0) return null;
  const done = steps.filter((step) => step.done_at).length;
  return (
    <Section title={`Playbook, ${done} of ${steps.length} done`}>
      <div className="ft-playbook">
        {steps.map((step) => (
          <div key={step.key}>
            <Checkbox label={step.do} checked={Boolean(step.done_at)} disabled={change.isPending} onChange={() => change.mutate(step.done_at ? { undone: [step.key] } : { done: [step.key] })} />
            {step.text && <p className="ft-muted ft-small">{step.text}</p>}
            {step.done_at && <p className="ft-muted ft-small">{formats.due(step.done_at)}, {step.done_by}</p>}
          </div>
        ))}
      </div>
      {change.isError && <Refused error={change.error} />}
    </Section>
  );
}

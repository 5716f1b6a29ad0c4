import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Copy } from "@/components/copy";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import "./predict.css";

type Section = Schemas["CardSection"];
const isNumber = (text: string) => /^[-−+]?[\d.,]/.test(text);

/** The model card as it was written from the run. */
export function ModelCard({ prediction }: { prediction: string }) {
  const query = useQuery(queries.predictionCard(prediction));
  return (
    <Loaded query={query} rows={10}>
      {(card) => (
        <Card title={card.title} side={<Copy quiet text={card.markdown} label="Copy as Markdown" said="The card is copied." />} line>
          <article className="ft-body ft-doc" style={{ paddingTop: 12 }}>
            {card.sections.map((section) => <Part key={section.title} section={section} />)}
          </article>
        </Card>
      )}
    </Loaded>
  );
}

function Part({ section }: { section: Section }) {
  const names = Object.keys(section.rows[0] ?? {});
  return (
    <section>
      <h3>{section.title}</h3>
      {section.text.map((text) => <p key={text}>{text}</p>)}
      {section.rows.length > 0 && (
        <Table
          all={names.length <= 3} label={section.title} rows={section.rows} rowKey={(row) => JSON.stringify(row)}
          columns={names.map((name, index) => ({ name, title: name, number: index > 0 && section.rows.every((row) => isNumber(row[name] ?? "") || !row[name]), key: index === 1, cell: (row: Section["rows"][number]) => row[name] || "–" }))}
        />
      )}
    </section>
  );
}

import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Dialog } from "./dialog";
import { Failed } from "./states";
import { Pairs } from "./page";

interface ConfirmProps {
  opened: boolean;
  /** A question with the name of the thing. */
  title: string;
  consequences: [string, ReactNode][];
  undo: string;
  verb: string;
  keep: string;
  busy: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Before anything reaches customers: the consequence in numbers, whether it can be undone, the verb on the button. */
export function Confirm(props: ConfirmProps) {
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <div className="ft-note"><Pairs rows={props.consequences} /></div>
      <p className="ft-muted" style={{ margin: "12px 0 16px" }}>{props.undo}</p>
      {Boolean(props.error) && <Failed error={props.error} />}
      <div className="ft-actions" style={{ justifyContent: "flex-end", marginTop: 12 }}>
        <Button variant="default" onClick={props.onClose}>{props.keep}</Button>
        <Button loading={props.busy} onClick={props.onConfirm} data-autofocus>{props.verb}</Button>
      </div>
    </Dialog>
  );
}

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Pairs } from "@/components/page";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";

const WORD = "erase";

/** It cannot be undone, so that the word has to be typed. */
export function EraseConfirm({ person, onClose }: { person: string; onClose: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const [typed, setTyped] = useState("");
  const erasing = useMutation({
    mutationFn: () => post<Schemas["ErasureRow"]>("privacy/erasures", { people: [person] }),
    onSuccess: () => {
      void client.invalidateQueries();
      say("The erasure has begun; Erasures shows how far it is.");
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={`Erase ${person}?`} size={480}>
      <form onSubmit={(event) => { event.preventDefault(); if (typed.trim().toLowerCase() === WORD) erasing.mutate(); }} style={{ display: "grid", gap: 12 }}>
        <div className="ft-note"><Pairs rows={[["Goes", "identifiers, traits, texts, messages, predictions, consents"], ["Goes too", "from arrivals, exports, model files and back-ups"], ["Stays", "day, event, product, quantity and money under a random key"], ["Comes back", "never: a later import is held back by a keyed hash"]]} /></div>
        <p className="ft-muted">This cannot be undone. A certificate says what was removed where.</p>
        <TextInput label={`Type ${WORD} to go on`} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus autoComplete="off" />
        {erasing.isError && <Failed error={erasing.error} />}
        <div className="ft-actions" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={onClose}>Keep them</Button><Button color="red" type="submit" disabled={typed.trim().toLowerCase() !== WORD} loading={erasing.isPending}>Erase for good</Button></div>
      </form>
    </Dialog>
  );
}

import { Button } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useToast } from "./toast";

/** Puts a text on the clipboard; where the browser does not allow it, it says what to do instead. */
export function Copy({ text, label, said, quiet }: { text: string; label: string; said: string; quiet?: boolean }) {
  const say = useToast();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(said);
    } catch {
      say("The browser does not allow copying here. Choose the text and press Ctrl C.");
    }
  };
  return <Button variant={quiet ? "default" : "filled"} leftSection={<IconCopy size={15} stroke={1.7} aria-hidden />} onClick={() => void copy()}>{label}</Button>;
}

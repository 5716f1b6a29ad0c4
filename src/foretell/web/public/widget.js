// Shows a survey on a page of yours, in a dialog or in the place of this script. It sets no cookie, keeps nothing and
// sends nothing of its own. A Content-Security-Policy needs script-src and frame-src with this server's address alone:
// all looks are set by properties, which no style-src forbids.
//
//   <script src="https://surveys.example/s/widget.js" data-survey="nps" defer></script>
//
// data-survey      key of the survey
// data-mode        dialog (default) or inline: in the place of the script
// data-after       seconds until the dialog opens; "click" opens it by data-open alone
// data-open        CSS selector of what opens the dialog
// data-language    language of the page; default: that of the document
// data-touchpoint  what it is about; data-product: id of the product
// data-close       words of the button that closes the dialog
//
// Only where the visitor has agreed to it: Foretell.survey("nps", { who: "ANONYMOUS_ID" }) connects the answer with
// what you track of them under that anonymous id.
"use strict";
(() => {
  const script = document.currentScript;
  if (!script) return;
  const origin = new URL(script.src).origin;

  const frameOf = (survey, told) => {
    const url = new URL(`${origin}/s/survey/${encodeURIComponent(survey)}`);
    const asked = { via: "web", frame: "1", lang: told.language, touchpoint: told.touchpoint, product: told.product };
    for (const [name, value] of Object.entries(asked)) if (value) url.searchParams.set(name, value);
    if (told.who) url.hash = new URLSearchParams({ who: told.who }).toString();
    const frame = document.createElement("iframe");
    frame.src = url.href;
    frame.title = told.title || "Survey";
    frame.referrerPolicy = "no-referrer";
    Object.assign(frame.style, { border: "0", width: "100%", height: "420px", display: "block", colorScheme: "light dark" });
    return frame;
  };

  const follow = (frame, then) => {
    addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== frame.contentWindow || event.data?.foretell !== "survey") return;
      const height = Number(event.data.height);
      if (height > 0) frame.style.height = `${Math.min(height, 4000)}px`;
      if (event.data.over) then?.();
    });
  };

  const inDialog = (survey, told) => {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", told.title || "Survey");
    Object.assign(dialog.style, {
      border: "0", padding: "0", width: "min(40rem, calc(100vw - 2rem))", maxHeight: "calc(100dvh - 2rem)",
      borderRadius: "8px", overflow: "auto", boxShadow: "0 8px 40px rgb(0 0 0 / .3)",
    });
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = told.close || "\u00d7";
    if (!told.close) close.setAttribute("aria-label", "Close");
    Object.assign(close.style, {
      position: "absolute", insetBlockStart: "0", insetInlineEnd: "0", minWidth: "44px", minHeight: "44px", border: "0",
      background: "transparent", font: "inherit", fontSize: "1.25rem", cursor: "pointer", color: "GrayText",
    });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    const frame = frameOf(survey, told);
    follow(frame);
    dialog.append(frame, close);
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  };

  const inPlace = (survey, told, place) => {
    const frame = frameOf(survey, told);
    frame.loading = "lazy";
    follow(frame);
    place.after(frame);
    return frame;
  };

  window.Foretell = window.Foretell || {};
  window.Foretell.survey = (survey, told = {}) =>
    told.place ? inPlace(survey, told, told.place) : inDialog(survey, told);

  const told = { language: document.documentElement.lang, ...script.dataset };
  if (!told.survey) return;
  const begin = () => {
    if (told.mode === "inline") {
      inPlace(told.survey, told, script);
      return;
    }
    if (told.open) {
      for (const one of document.querySelectorAll(told.open)) {
        one.addEventListener("click", () => inDialog(told.survey, told));
      }
    }
    if (told.after !== "click") setTimeout(() => inDialog(told.survey, told), 1000 * (Number(told.after) || 0));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

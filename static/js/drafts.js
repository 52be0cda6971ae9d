// Keeps a draft of the form every ten seconds while somebody types. Without it, "Keep as a draft" does the same once.
(() => {
  const EVERY_MS = 10_000;
  const WORDS = {
    401: "You are logged out. Save the form: once you have logged in, what you typed is here again.",
    other: "No draft could be kept just now. What you typed is still here.",
  };
  const form = document.querySelector("form[data-draft-url]");
  const said = document.getElementById("draft-status");
  if (!form || !said) return;

  const typed = () => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("draft_key", form.dataset.draftKey);
    return fields;
  };
  // A form that was refused, or given another row, holds what nobody has kept yet.
  let kept = "unsaved" in form.dataset ? "" : String(typed());
  let isSending = false;
  let sentAt = -Infinity;

  async function keep() {
    const fields = typed();
    if (isSending || String(fields) === kept || performance.now() - sentAt < 3000) return;
    isSending = true;
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: fields, headers: { "HX-Request": "true" } });
      said.textContent = answer.ok ? (await answer.text()).trim() : WORDS[answer.status] ?? WORDS.other;
      if (answer.ok) kept = String(fields);
    } catch {
      said.textContent = "The site cannot be reached, so no draft is kept. What you typed is still here.";
    } finally {
      isSending = false;
    }
  }

  // A second click on "Save" would send a new record twice; after a while it may be meant, as nothing has come back.
  function sendOnce(event) {
    if (event.submitter?.formTarget === "_blank") return;
    if (performance.now() - sentAt < 3000) event.preventDefault();
    sentAt = performance.now();
  }

  form.addEventListener("submit", sendOnce);
  setInterval(keep, EVERY_MS);
  // Leaving the page is the moment at which the last words would be lost.
  document.addEventListener("visibilitychange", () => {
    const isLost = document.visibilityState === "hidden" && String(typed()) !== kept && performance.now() - sentAt > 3000;
    if (isLost) navigator.sendBeacon(form.dataset.draftUrl, typed());
  });
})();

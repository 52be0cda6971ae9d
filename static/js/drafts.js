// Keeps a draft of the form every ten seconds while somebody types. Without it, "Keep as a draft" does the same once.
(() => {
  const EVERY_MS = 10_000;
  const form = document.querySelector("form[data-draft-url]");
  const said = document.getElementById("kept");
  if (!form || !said) return;

  const typed = () => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("place", form.dataset.place);
    return fields;
  };
  let kept = String(typed());
  let isSending = false;

  async function keep() {
    const fields = typed();
    if (isSending || String(fields) === kept) return;
    isSending = true;
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: fields });
      const isForUs = answer.ok || answer.status === 401; // kept, or logged out: both are said in words
      said.textContent = isForUs ? (await answer.text()).trim() : "No draft could be kept just now. What you typed is still here.";
      if (answer.ok) kept = String(fields);
    } catch {
      said.textContent = "The site cannot be reached, so no draft is kept. What you typed is still here.";
    } finally {
      isSending = false;
    }
  }

  setInterval(keep, EVERY_MS);
  // Leaving the page is the moment at which the last words would be lost.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && String(typed()) !== kept && !isLeaving) navigator.sendBeacon(form.dataset.draftUrl, typed());
  });
  let isLeaving = false;
  form.addEventListener("submit", () => { isLeaving = true; });
})();

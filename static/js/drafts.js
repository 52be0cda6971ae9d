// Stores a form's unsaved changes every ten seconds while somebody types. Without it, "Save unsaved changes" does so once.
(() => {
  const INTERVAL_MS = 10_000;
  const RESEND_MS = 3000;
  const ERRORS = {
    401: "You are logged out. Save the form: after you log in, your changes are in it again.",
    other: "Your unsaved changes could not be stored. They are still in this form.",
    unreachable: "The site cannot be reached, so your unsaved changes are not stored. They are still in this form.",
  };
  const form = document.querySelector("form[data-draft-url]");
  const status = document.getElementById("draft-status");
  if (!form || !status) return;

  const currentFields = () => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("draft_key", form.dataset.draftKey);
    return fields;
  };
  // A form that was refused, or given another row, holds changes that are stored nowhere.
  let storedFields = "unsaved" in form.dataset ? "" : String(currentFields());
  let isSending = false;
  let submittedAt = -Infinity;

  const wasJustSubmitted = () => performance.now() - submittedAt < RESEND_MS;

  async function storeDraft() {
    const fields = currentFields();
    if (isSending || String(fields) === storedFields || wasJustSubmitted()) return;
    isSending = true;
    try {
      const response = await fetch(form.dataset.draftUrl, { method: "POST", body: fields, headers: { "HX-Request": "true" } });
      status.textContent = response.ok ? (await response.text()).trim() : ERRORS[response.status] ?? ERRORS.other;
      if (response.ok) storedFields = String(fields);
    } catch {
      status.textContent = ERRORS.unreachable;
    } finally {
      isSending = false;
    }
  }

  // A double click would send a new record twice; a later click may be meant, as no response has come.
  function submitOnce(event) {
    if (event.submitter?.formTarget === "_blank") return;
    if (wasJustSubmitted()) event.preventDefault();
    submittedAt = performance.now();
  }

  form.addEventListener("submit", submitOnce);
  setInterval(storeDraft, INTERVAL_MS);
  // The last changes would be lost when the page is left.
  document.addEventListener("visibilitychange", () => {
    const fields = currentFields();
    const isUnsaved = String(fields) !== storedFields && !wasJustSubmitted();
    if (document.visibilityState === "hidden" && isUnsaved) navigator.sendBeacon(form.dataset.draftUrl, fields);
  });
})();

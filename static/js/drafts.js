// Stores a form's unsaved changes every ten seconds while somebody types. Without it, "Save unsaved changes" does so once.
// What has not reached the site is copied into this browser (unsaved.js), and offered when the form is opened again.
(() => {
  const INTERVAL_MS = 10_000;
  const COPY_DELAY_MS = 300;
  const RESEND_MS = 3000;
  const CONTROL_FIELDS = ["csrf_token", "do", "draft_key", "shown_draft", "tab", "version"];
  const ERRORS = {
    401: "You are logged out. Save the form: after you log in, your changes are in it again.",
    other: "Your unsaved changes could not be stored. They are still in this form.",
    unreachable: "The site cannot be reached, so your unsaved changes are not stored there. They are still in this form",
  };
  const form = document.querySelector("form[data-draft-url]");
  const status = document.getElementById("draft-status");
  const offer = document.querySelector("[data-unsaved-copy]");
  if (!form || !status) return;
  const key = form.dataset.draftKey;
  const tab = form.elements.tab.value;

  const currentFields = () => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("draft_key", key);
    return fields;
  };
  // A form that is shown again holds changes that may be stored nowhere.
  const isStored = !("unsaved" in form.dataset) || "stored" in form.dataset;
  let storedFields = isStored ? String(currentFields()) : "";
  let isSending = false;
  let isDiscarding = false;
  let submittedAt = -Infinity;
  let copyTimer = 0;

  const wasJustSubmitted = () => performance.now() - submittedAt < RESEND_MS;
  const isUnsaved = () => !isDiscarding && String(currentFields()) !== storedFields;

  // Keeps a copy in this browser while something is unsaved. Returns whether there is one.
  function copyUnsaved() {
    clearTimeout(copyTimer);
    if (!isUnsaved()) {
      unsavedCopies.remove(key, tab);
      return false;
    }
    const fields = currentFields();
    fields.delete("csrf_token");
    return unsavedCopies.store(key, tab, fields);
  }

  function copySoon() {
    clearTimeout(copyTimer);
    copyTimer = setTimeout(copyUnsaved, COPY_DELAY_MS);
  }

  const post = (fields) => fetch(form.dataset.draftUrl, { method: "POST", body: fields, headers: { "HX-Request": "true" } });

  async function storeDraft() {
    const fields = currentFields();
    if (isSending || !isUnsaved() || wasJustSubmitted()) return;
    isSending = true;
    try {
      const response = await post(fields);
      status.textContent = response.ok ? (await response.text()).trim() : (ERRORS[response.status] ?? ERRORS.other);
      if (response.ok) storedFields = String(fields);
      copyUnsaved();
    } catch {
      status.textContent = `${ERRORS.unreachable}${copyUnsaved() ? ", and this browser keeps them." : "."}`;
    } finally {
      isSending = false;
    }
  }

  // A double click would send a new record twice; a later click may be meant, as no response has come.
  function submitOnce(event) {
    if (event.submitter?.formTarget === "_blank") return;
    if (wasJustSubmitted()) event.preventDefault();
    copyUnsaved();
    submittedAt = performance.now();
  }

  function noteDiscarding(event) {
    const isAboutIt = event.submitter?.value === "discard" || event.target.action.endsWith("/admin/drafts/discard");
    if (!isAboutIt) return;
    isDiscarding = true;
    unsavedCopies.remove(key, tab);
  }

  function askBeforeLeaving(event) {
    if (!isUnsaved() || wasJustSubmitted()) return;
    copyUnsaved();
    event.preventDefault();
  }

  const typedIn = (fields) => {
    const typed = new URLSearchParams(fields);
    for (const name of CONTROL_FIELDS) typed.delete(name);
    return String(typed);
  };

  // The site answered with this page, so what it was sent is in the form, or stored as a draft.
  function offerCopy() {
    unsavedCopies.remove(key, tab);
    const shown = typedIn(currentFields());
    const copies = unsavedCopies.find(key);
    for (const copy of copies) if (typedIn(copy.fields) === shown) unsavedCopies.remove(copy.key, copy.tab);
    const copy = copies.find((each) => typedIn(each.fields) !== shown);
    if (!copy || !offer) return;
    unsavedCopies.show(offer, copy, restoreCopy, offerCopy);
  }

  // Stores a copy as a draft of its own, and shows the form with it.
  async function restoreCopy(copy) {
    const fields = new URLSearchParams(copy.fields);
    fields.set("csrf_token", form.elements.csrf_token.value);
    const problem = offer.querySelector("[data-problem]");
    try {
      const response = await post(fields);
      if (!response.ok) {
        problem.textContent = ERRORS.other;
        return;
      }
      unsavedCopies.remove(copy.key, copy.tab);
      location.assign(response.headers.get("Draft-Key"));
    } catch {
      problem.textContent = "The site cannot be reached. Try again.";
    }
  }

  form.addEventListener("submit", submitOnce);
  form.addEventListener("input", copySoon);
  form.addEventListener("change", copySoon);
  document.addEventListener("submit", noteDiscarding);
  addEventListener("beforeunload", askBeforeLeaving);
  addEventListener("online", storeDraft);
  setInterval(storeDraft, INTERVAL_MS);
  // The last changes would be lost when the page is left.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !isUnsaved() || wasJustSubmitted()) return;
    copyUnsaved();
    navigator.sendBeacon(form.dataset.draftUrl, currentFields());
  });
  offerCopy();
  copyUnsaved();
})();

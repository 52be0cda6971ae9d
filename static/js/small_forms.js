// Small forms behind the log-in, which have no drafts: what is typed is copied into this browser (unsaved.js) until it is
// saved, and offered when the form is shown again; leaving asks first. A form has the macro unsaved_copy for it.
(() => {
  const UNCOPIED_TYPES = ["hidden", "password", "file"];
  const RESEND_MS = 3000;
  const watched = new Map(); // form: whether it would be left with something unsaved

  function typedIn(form) {
    const fields = new URLSearchParams(new FormData(form));
    for (const { name, type, value } of form.elements) if (UNCOPIED_TYPES.includes(type) || !value) fields.delete(name);
    return String(fields);
  }

  // What a browser restores of an earlier visit is not saved either, so what was rendered counts.
  function renderedIn(form) {
    const copy = form.cloneNode(true);
    copy.reset();
    return typedIn(copy);
  }

  function watch(idField) {
    const { form } = idField;
    const key = new URL(form.action).pathname + idField.dataset.row;
    const id = crypto.getRandomValues(new BigUint64Array(1)).join();
    const saved = "unsaved" in idField.dataset ? "" : renderedIn(form);
    const offer = form.querySelector("[data-unsaved-copy]");
    let submittedAt = -Infinity;

    const isUnsaved = () => form.isConnected && typedIn(form) !== saved;

    function copyTyped() {
      if (isUnsaved()) unsavedCopies.store(key, id, typedIn(form));
      else unsavedCopies.remove(key, id);
    }

    function restore(copy) {
      for (const [name, value] of new URLSearchParams(copy.fields)) if (form.elements[name]) form.elements[name].value = value;
      form.querySelector(".field-box").focus();
      offer.hidden = true;
      copyTyped();
      offerCopy();
    }

    function offerCopy() {
      const copies = unsavedCopies.find(key).filter((each) => each.tab !== id);
      for (const each of copies) if (each.fields === typedIn(form)) unsavedCopies.remove(each.key, each.tab);
      const copy = copies.find((each) => each.fields !== typedIn(form));
      if (copy) unsavedCopies.show(offer, copy, restore, offerCopy);
    }

    idField.value = id;
    form.addEventListener("input", copyTyped);
    form.addEventListener("submit", () => (submittedAt = performance.now()));
    offerCopy();
    copyTyped();
    watched.set(form, () => isUnsaved() && performance.now() - submittedAt > RESEND_MS);
  }

  function watchAll() {
    for (const idField of document.querySelectorAll("input[name=copy]")) if (!watched.has(idField.form)) watch(idField);
  }

  addEventListener("beforeunload", (event) => {
    if ([...watched.values()].some((isLeft) => isLeft())) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => {
    unsavedCopies.removeSaved();
    watchAll();
  });
  watchAll();
})();

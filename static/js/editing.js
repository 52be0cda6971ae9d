// Small helps in the forms. Each works without them, in one more step.
(() => {
  const SIGNS = { $: "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR" };

  // Ctrl+Enter, and Cmd+Enter, press a form's first button, as Enter does in a field of one line.
  function saveByKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    const form = event.target.form;
    if (form?.method !== "post") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
  }

  // Another verdict or quote needs a reason, so its field opens.
  function openReason(event) {
    if (!/-(verdict|quote)$/.test(event.target.name ?? "")) return;
    const fold = event.target.closest(".panel-row")?.querySelector("details[data-reason]");
    if (fold) fold.open = true;
  }

  // The sign beside an amount names its currency, where none is given.
  function fillCurrency(event) {
    if (!/(^|-)amount$/.test(event.target.name ?? "")) return;
    const currency = event.target.form?.elements[event.target.name.replace(/amount$/, "currency")];
    const sign = event.target.value.replace(/[\d.,'’\s]/g, "");
    if (currency && !currency.value) currency.value = SIGNS[sign.toUpperCase()] ?? "";
  }

  document.addEventListener("keydown", saveByKey);
  document.addEventListener("input", openReason);
  document.addEventListener("change", openReason);
  document.addEventListener("change", fillCurrency);
})();

// The votes' own few lines. Without them every form still works as a plain form.
(() => {
  const FORMS = "form[data-tool]";

  // Readers who have voted carry the cookie "voted". The cached page cannot know their votes, so they are fetched here.
  async function showOwnVotes() {
    const forms = [...document.querySelectorAll(FORMS)];
    if (!forms.length) return;
    const query = new URLSearchParams(forms.map((form) => ["tool", form.dataset.tool]));
    const answer = await fetch(`/votes/mine?${query}`, { headers: { "HX-Request": "true", "HX-Current-URL": location.href }, cache: "no-store" });
    if (!answer.ok) return;
    const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A vote sent in the meantime is newer than what was fetched.
    if (!forms.every((form) => form.isConnected && !form.matches(".htmx-request"))) return;
    for (const own of fetched.querySelectorAll(FORMS)) {
      const shown = forms.find((form) => form.id === own.id);
      if (shown) replaceForm(shown, own);
    }
    showFigures(fetched);
  }

  // Swaps the figures beside the forms, as htmx does after a vote.
  function showFigures(fetched) {
    for (const content of fetched.querySelectorAll("[hx-swap-oob]")) {
      const target = document.querySelector(content.getAttribute("hx-swap-oob").replace("innerHTML:", ""));
      target?.replaceChildren(...content.childNodes);
    }
  }

  function replaceForm(shown, own) {
    const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
    shown.replaceWith(own);
    window.htmx?.process(own);
    if (focused) document.getElementById(focused)?.focus();
  }

  // The server could not be reached, so it could not answer with a notice: show one here, and keep the choice.
  function showNotCounted(event) {
    const form = event.target.closest?.(FORMS);
    if (!form) return;
    const verdict = event.detail?.ctx?.request?.body?.get?.("verdict") ?? "none";
    const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
    const strong = Object.assign(document.createElement("strong"), { textContent: "Not counted." });
    const retry = Object.assign(document.createElement("button"), { className: "button-link", name: "verdict", value: verdict, textContent: "try again" });
    notice.append(strong, " We couldn’t reach the site. Your choice is kept: ", retry, ".");
    form.querySelector(".ballot-problem").replaceChildren(notice);
  }

  // The notice goes when its retry is answered: the focus waits on the oval that the retry stands for.
  function keepFocus(event) {
    const retry = event.target.closest?.(`${FORMS} .notice [name="verdict"]`);
    if (retry) document.getElementById(`${retry.value}-${retry.form.dataset.tool}`)?.focus();
  }

  // A second tap while the first is under way does nothing, so it must not take the focus from the oval either.
  function ignoreSecondTap(event) {
    if (event.target.closest?.(`${FORMS}.htmx-request`)) event.preventDefault();
  }

  document.addEventListener("htmx:error", showNotCounted);
  document.addEventListener("mousedown", ignoreSecondTap);
  document.addEventListener("click", keepFocus);
  if (/(^|; )voted=1(;|$)/.test(document.cookie) && !location.pathname.endsWith("/vote")) {
    showOwnVotes().catch(() => {}); // offline: the page stays as it was published
  }
})();

// The ballots' own few lines. Without them every form still works as a plain form.
(() => {
  const FORMS = "form[data-tool]";

  // Readers who have voted carry the cookie "voted": the cached page cannot know what they said, so it is asked for here.
  async function showMine() {
    const shown = [...document.querySelectorAll(FORMS)];
    const query = new URLSearchParams(shown.map((form) => ["tool", form.dataset.tool]));
    const answer = await fetch(`/votes/mine?${query}`, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (!answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const mine of found.querySelectorAll(FORMS)) {
      const here = shown.find((form) => form.id === mine.id);
      // A ballot cast while this was under way is newer than what was asked for.
      if (here?.isConnected && !here.matches(".htmx-request")) exchange(here, mine);
    }
  }

  function exchange(here, mine) {
    const focused = here.contains(document.activeElement) ? document.activeElement.id : "";
    here.replaceWith(mine);
    window.htmx?.process(mine);
    if (focused) document.getElementById(focused)?.focus();
  }

  // The server could not be reached, so it could not answer with a notice: say it here, and keep the choice.
  function sayNotCounted(event) {
    const form = event.target.closest?.(FORMS);
    if (!form) return;
    const tried = event.detail?.ctx?.request?.body?.get?.("verdict") ?? "none";
    const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
    const strong = Object.assign(document.createElement("strong"), { textContent: "Not counted." });
    const again = Object.assign(document.createElement("button"), { className: "button-link", name: "verdict", value: tried, textContent: "try again" });
    notice.append(strong, " We couldn’t reach the ballot box. Your choice is kept: ", again, ".");
    form.querySelector(".ballot-problem").replaceChildren(notice);
  }

  // The notice goes when its retry is answered: the focus waits on the oval that the retry stands for.
  function keepFocus(event) {
    const again = event.target.closest?.(`${FORMS} .notice [name="verdict"]`);
    if (again) document.getElementById(`${again.value}-${again.form.dataset.tool}`)?.focus();
  }

  // A second tap while the first is under way does nothing, so it must not take the focus from the oval either.
  function ignoreSecondTap(event) {
    if (event.target.closest?.(`${FORMS}.htmx-request`)) event.preventDefault();
  }

  document.addEventListener("htmx:error", sayNotCounted);
  document.addEventListener("mousedown", ignoreSecondTap);
  document.addEventListener("click", keepFocus);
  if (/(^|; )voted=1(;|$)/.test(document.cookie) && !location.pathname.endsWith("/vote")) {
    showMine().catch(() => {}); // offline: the page stays as it was published
  }
})();

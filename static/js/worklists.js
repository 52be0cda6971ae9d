// Keyboard shortcuts for the prices to check, while one of their rows has the focus. The buttons work without them.
(() => {
  const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const worklist = document.getElementById("worklist");
  let lastIndex = 0; // of the focused row, before htmx replaced the list

  const rows = () => [...worklist.querySelectorAll(".worklist-row")];
  const focusedIndex = () => rows().findIndex((row) => row.contains(document.activeElement));

  function focusRow(index, options) {
    const all = rows();
    (all[Math.max(0, Math.min(index, all.length - 1))] ?? worklist).focus(options);
  }

  function handleKey(event) {
    const index = focusedIndex();
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in STEPS) {
      event.preventDefault();
      focusRow(index + STEPS[event.key]);
    } else if (event.key === "s" && !event.repeat && !worklist.querySelector(".htmx-request")) {
      rows()[index].querySelector("[data-confirm-price]")?.click();
    }
  }

  function rememberIndex() {
    lastIndex = Math.max(0, focusedIndex());
  }

  // Nothing is typed here, so the page may be reloaded: it leads to the log-in and from there back to the list.
  function reloadIfLoggedOut(event) {
    if (event.detail.ctx.response.status === 401) location.reload();
  }

  function showShortcuts() {
    for (const help of worklist.querySelectorAll(".shortcut-help")) help.hidden = false;
  }

  function restoreFocus() {
    showShortcuts();
    if (focusedIndex() < 0) focusRow(lastIndex);
  }

  function showUnreachable() {
    const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
    const strong = Object.assign(document.createElement("strong"), { textContent: "Nothing was saved." });
    notice.append(strong, " The site could not be reached. Try again.");
    document.getElementById("worklist-error").replaceChildren(notice);
  }

  worklist.addEventListener("keydown", handleKey);
  worklist.addEventListener("htmx:response:error", reloadIfLoggedOut);
  worklist.addEventListener("htmx:before:swap", rememberIndex);
  worklist.addEventListener("htmx:after:swap", restoreFocus);
  worklist.addEventListener("htmx:error", showUnreachable);
  showShortcuts();
  if (rows().length) focusRow(0, { preventScroll: true });
})();

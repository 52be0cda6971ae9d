// Keys for the queue of prices. They work while a row has the focus; without them every button still does.
(() => {
  const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const queue = document.getElementById("queue");
  let left = 0; // where the focus was before the list was exchanged

  const rows = () => [...queue.querySelectorAll(".queue-row")];
  const place = () => rows().findIndex((row) => row.contains(document.activeElement));

  function goTo(at, options) {
    const all = rows();
    (all[Math.max(0, Math.min(at, all.length - 1))] ?? queue).focus(options);
  }

  function press(event) {
    const at = place();
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in STEPS) {
      event.preventDefault();
      goTo(at + STEPS[event.key]);
    } else if (event.key === "s" && !event.repeat && !queue.querySelector(".htmx-request")) {
      rows()[at].querySelector("[data-same]")?.click();
    }
  }

  function remember() {
    left = Math.max(0, place());
  }

  // Nobody is filling in anything here, so who is logged out goes to the log-in, and from there comes back to the list.
  function logIn(event) {
    if (event.detail.ctx.response.status === 401) location.reload();
  }

  function sayWhichKeys() {
    for (const keys of queue.querySelectorAll(".queue-keys")) keys.hidden = false;
  }

  function goOn() {
    sayWhichKeys();
    if (place() < 0) goTo(left);
  }

  function sayNotReached() {
    const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
    const strong = Object.assign(document.createElement("strong"), { textContent: "Nothing was noted." });
    notice.append(strong, " We couldn’t be reached: please try again.");
    document.getElementById("queue-trouble").replaceChildren(notice);
  }

  queue.addEventListener("keydown", press);
  queue.addEventListener("htmx:response:error", logIn);
  queue.addEventListener("htmx:before:swap", remember);
  queue.addEventListener("htmx:after:swap", goOn);
  queue.addEventListener("htmx:error", sayNotReached);
  sayWhichKeys();
  if (rows().length) goTo(0, { preventScroll: true });
})();

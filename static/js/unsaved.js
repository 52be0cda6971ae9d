// Copies of what was typed into forms, in this browser, until it has reached the site. Every page behind the log-in loads
// this: a copy is removed once its form is saved, and all copies of an account when it logs out.
const unsavedCopies = (() => {
  const PREFIX = "unsaved";
  const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;
  const SAVED_COOKIE = "saved_form"; // its value is the id of the page whose form was saved
  const logOut = document.querySelector("form.log-out");
  const account = logOut?.dataset.account ?? "";
  let isLoggingOut = false;

  // A browser may have no storage, or no space in it.
  function attempt(act) {
    try {
      return act();
    } catch {
      return undefined;
    }
  }

  const nameOf = (key, tab) => [PREFIX, account, tab, key].join(" ");

  function list() {
    const names = attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(`${PREFIX} `))) ?? [];
    return names.map((name) => {
      const [, owner, tab, key] = name.split(" ");
      const { at = 0, fields = "" } = attempt(() => JSON.parse(localStorage.getItem(name))) ?? {};
      return { name, owner, tab, key, at, fields };
    });
  }

  function removeWhere(isUnwanted) {
    for (const copy of list().filter(isUnwanted)) attempt(() => localStorage.removeItem(copy.name));
  }

  // Returns whether the copy is stored.
  function store(key, tab, fields) {
    if (!account || isLoggingOut) return false;
    const copy = JSON.stringify({ at: Date.now(), fields: String(fields) });
    return attempt(() => localStorage.setItem(nameOf(key, tab), copy) ?? true) ?? false;
  }

  const remove = (key, tab) => removeWhere((copy) => copy.name === nameOf(key, tab));

  // Returns the account's copies of the forms at one path, the newest first.
  function find(key) {
    const path = key.split("?")[0];
    const copies = list().filter((copy) => copy.owner === account && copy.key.split("?")[0] === path);
    return copies.sort((one, other) => other.at - one.at);
  }

  // Offers a copy; once it is discarded, `next` may offer another one.
  function show(offer, copy, restore, next) {
    const fold = offer.closest("details");
    if (fold) fold.open = true;
    offer.querySelector("[data-time]").textContent = new Date(copy.at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    offer.querySelector("[data-restore]").onclick = () => restore(copy);
    offer.querySelector("[data-drop]").onclick = () => {
      remove(copy.key, copy.tab);
      offer.hidden = true;
      next();
    };
    offer.hidden = false;
  }

  function removeSaved() {
    const tab = document.cookie.match(new RegExp(`(?:^|; )${SAVED_COOKIE}=([\\w-]+)`))?.[1];
    if (!tab) return;
    removeWhere((copy) => copy.tab === tab);
    document.cookie = `${SAVED_COOKIE}=; path=/admin; max-age=0`;
  }

  removeSaved();
  removeWhere((copy) => copy.at < Date.now() - MAX_AGE_MS);
  logOut?.addEventListener("submit", () => {
    removeWhere((copy) => copy.owner === account);
    isLoggingOut = true;
    setTimeout(() => (isLoggingOut = false), 5000); // somebody who is asked whether to leave may stay
  });
  return { find, remove, removeSaved, show, store };
})();

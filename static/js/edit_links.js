// Offers "Edit" to somebody who is logged in. The page is the same for everybody: the cookie "editor" says to ask for it.
(() => {
  if (!/(^|; )editor=1(;|$)/.test(document.cookie)) return;

  async function showEditLinks() {
    const query = new URLSearchParams({ page: location.pathname + location.search });
    const answer = await fetch(`/admin/edit-links?${query}`, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (answer.status !== 200) return;
    const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("content")?.prepend(...fetched.body.childNodes);
  }

  showEditLinks().catch(() => {}); // without the site there is nothing to edit
})();

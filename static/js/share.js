// Passes the page on: by the browser's own dialog where it has one, else by copying the page's address.
(() => {
  if (!navigator.share && !navigator.clipboard) return;
  const url = document.querySelector('link[rel="canonical"]')?.href ?? location.href;

  async function copy(status) {
    try {
      await navigator.clipboard.writeText(url);
      status.textContent = "Address copied.";
    } catch {
      status.textContent = "It could not be copied. The address is in the address bar.";
    }
  }

  for (const place of document.querySelectorAll(".share-page")) {
    const [button, status] = place.children;
    place.classList.add("share-ready");
    button.addEventListener("click", () => {
      status.textContent = "";
      if (!navigator.share) return copy(status);
      return navigator.share({ title: document.title, url }).catch((error) => {
        if (error.name !== "AbortError") return copy(status); // who closes the dialog wants nothing more
      });
    });
  }
})();

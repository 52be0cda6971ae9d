// Says so in the sign-up form when the server cannot be reached. Without JavaScript it is a plain form.
document.addEventListener("htmx:error", (event) => {
  const container = event.target.closest?.("#signup")?.querySelector("#signup-trouble");
  if (!container) return;
  const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
  const strong = Object.assign(document.createElement("strong"), { textContent: "Not sent." });
  notice.append(strong, " We couldn’t be reached. Your address is still here: please try again.");
  container.replaceChildren(notice);
});

// One case that the server cannot answer: it was not reached. Without this the form still works as a plain form.
document.addEventListener("htmx:error", (event) => {
  const trouble = event.target.closest?.("#signup")?.querySelector("#signup-trouble");
  if (!trouble) return;
  const notice = Object.assign(document.createElement("p"), { className: "notice", role: "alert" });
  const strong = Object.assign(document.createElement("strong"), { textContent: "Not sent." });
  notice.append(strong, " We couldn’t be reached. Your address is still here: please try again.");
  trouble.replaceChildren(notice);
});

// Comfort only: every page works without this script.
"use strict";

// "/" moves to the search field, as in many tools.
document.addEventListener("keydown", (e) => {
  const field = document.getElementById("find");
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey && field) {
    e.preventDefault();
    field.focus();
    field.select();
  }
});

// A hash gets a button that copies it, where the browser lets a page copy.
if (navigator.clipboard) {
  for (const code of document.querySelectorAll("code.hash")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", "Copy " + code.textContent);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "copied";
      } catch {
        button.textContent = "not allowed";
      }
    });
    code.after(" ", button);
  }
}

// A link into a fold opens it.
const reveal = () => {
  const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = at && at.closest("details");
  if (fold) fold.open = true;
};
addEventListener("hashchange", reveal);
reveal();

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

// A time is shown in the zone of the browser, and says UTC when pointed at. The page that
// the server sends has UTC for everyone.
const two = (n) => String(n).padStart(2, "0");
const offset = (at) => {
  const m = -at.getTimezoneOffset(), size = Math.abs(m);
  return "UTC" + (m < 0 ? "−" : "+") + Math.floor(size / 60) + (size % 60 ? ":" + two(size % 60) : "");
};
let moved = false;
for (const said of document.querySelectorAll("time[datetime]")) {
  const at = new Date(said.dateTime);
  if (isNaN(at) || at.getTimezoneOffset() === 0) continue;
  said.title = said.textContent;
  said.textContent = at.getFullYear() + "-" + two(at.getMonth() + 1) + "-" + two(at.getDate()) + " " +
    two(at.getHours()) + ":" + two(at.getMinutes()) + " " + offset(at);
  moved = true;
}
const foot = document.querySelector("footer p");
if (moved && foot) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  foot.append(" Times are of " + (zone || "this browser's zone") + " and say UTC when pointed at; days are of UTC.");
}

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

// Alerts are labelled with keys while one of them has the focus.
const readings = document.querySelector("form.readings");
if (readings && readings.querySelector("fieldset")) {
  const all = [...readings.querySelectorAll(".reading")];
  const tally = readings.querySelector(".tally");
  const count = () => {
    const said = all.filter((a) => a.querySelector('input[type="radio"]:checked:not([value=""])')).length;
    tally.textContent = said + " of " + all.length + " labelled on this page, none recorded yet.";
  };
  const go = (i) => {
    const to = all[Math.max(0, Math.min(all.length - 1, i))];
    to.focus({preventScroll: true});
    to.scrollIntoView({block: "nearest"});
  };
  readings.addEventListener("change", count);
  readings.addEventListener("keydown", (e) => {
    const at = e.target.closest(".reading");
    const typing = e.target.matches("textarea, select, input:not([type=radio])");
    if (!at || typing || e.ctrlKey || e.metaKey || e.altKey) return;
    const i = all.indexOf(at), choice = at.querySelector('input[data-key="' + CSS.escape(e.key) + '"]');
    if (e.key === "j" || e.key === "k") go(i + (e.key === "j" ? 1 : -1));
    else if (choice) {
      choice.checked = true;
      count();
      const original = e.key === "d" && at.querySelector(".original input");
      if (original) original.focus();
      else if (e.key !== "u") go(i + 1);
    } else return;
    e.preventDefault();
  });
  all[0].focus({preventScroll: true});
}

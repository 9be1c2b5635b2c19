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

// The search field suggests while somebody types: what the server names first, and how it
// stands as soon as that is judged. A combobox with a list box, as ARIA describes them.
const find = document.getElementById("find");
if (find && window.AbortController) {
  const form = find.form, list = document.createElement("ul"), told = document.createElement("p");
  list.id = "find-list";
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  told.className = "unseen";
  told.setAttribute("role", "status");
  form.append(list, told);
  find.setAttribute("role", "combobox");
  find.setAttribute("aria-autocomplete", "list");
  find.setAttribute("aria-expanded", "false");
  find.setAttribute("aria-controls", list.id);
  let offered = [], at = -1, asking = null, later = 0;

  const mark = (i) => {
    at = i;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === i)));
    if (i < 0) find.removeAttribute("aria-activedescendant");
    else {
      find.setAttribute("aria-activedescendant", list.children[i].id);
      list.children[i].scrollIntoView({block: "nearest"});
    }
  };
  const close = () => {
    clearTimeout(later);
    if (asking) asking.abort();
    list.hidden = true;
    find.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const said = (tag, text, name) => {
    const part = document.createElement(tag), apart = document.createElement("bdi");
    apart.textContent = text;
    part.append(apart);
    if (name) part.className = name;
    return part;
  };
  const chip = (rung) => {
    const whole = document.createElement("span");
    whole.className = "rung " + rung.class;
    whole.append(said("b", rung.code), " ", rung.name);
    return whole;
  };
  const show = (items) => {
    const kept = at >= 0 && offered[at] ? offered[at].url : "";
    offered = items;
    list.replaceChildren(...items.map((item, i) => {
      const option = document.createElement("li");
      option.id = "find-" + i;
      option.setAttribute("role", "option");
      option.append(said("strong", item.text), " ", said("span", item.title || "", "title"), " ");
      if (item.rung) option.append(chip(item.rung), " ");
      option.append(said("small", item.kind));
      option.addEventListener("mousedown", (e) => e.preventDefault());
      option.addEventListener("click", () => { location.href = item.url; });
      return option;
    }));
    list.hidden = items.length === 0;
    find.setAttribute("aria-expanded", String(items.length > 0));
    mark(items.findIndex((item) => item.url === kept));
    const words = items.length === 1 ? "1 suggestion" : items.length + " suggestions";
    if (told.textContent !== words) told.textContent = words;
  };
  const ask = async () => {
    if (asking) asking.abort();
    if (!find.value.trim()) return close();
    const mine = asking = new AbortController(), query = new URLSearchParams(new FormData(form));
    try {
      for (const rungs of ["", "yes"]) {
        if (rungs) query.set("rungs", rungs);
        const answer = await fetch("/suggest?" + query, {signal: mine.signal, credentials: "same-origin"});
        if (!answer.ok) return;
        const items = (await answer.json()).suggestions;
        if (mine.signal.aborted) return;
        show(items);
        if (!items.length) return;
      }
    } catch { /* the field searches all the same */ }
  };
  find.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(ask, 80);
  });
  find.addEventListener("blur", close);
  find.addEventListener("keydown", (e) => {
    const open = !list.hidden;
    if (e.isComposing) return;
    if (e.key === "Escape" && open) close();
    else if (e.key === "ArrowDown" && open) mark(at + 1 < offered.length ? at + 1 : 0);
    else if (e.key === "ArrowUp" && open) mark(at > 0 ? at - 1 : offered.length - 1);
    else if (e.key === "ArrowDown" && find.value.trim()) ask();
    else if (e.key === "Enter" && open && at >= 0) location.href = offered[at].url;
    else return;
    e.preventDefault();
  });
}

// Asks for the changing part of the page again and again, and keeps filter, page, scroll, focus and what is unfolded.
"use strict";
(() => {
  const MOST_PATIENCE = 20000;
  const TYPING_PAUSE = 250;
  const MARKED_PAUSE = 1000;
  const every = Number(document.body.dataset.refreshSeconds) * 1000;
  const at = (id) => document.getElementById(id);
  const key = (value) => document.querySelector(`[data-key="${CSS.escape(value)}"]`);
  const [filter, pause, age, trouble, tip, said] = ["filter", "pause", "age", "trouble", "tip", "said"].map(at);
  let readAt = performance.now();
  let failure = "";
  let isPaused = false;
  let asking = null;
  let timer = 0;

  // The age of the numbers

  const span = (ms) => {
    const seconds = Math.round(ms / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  };

  const tellAge = () => {
    const old = performance.now() - readAt;
    const isTold = at("summary").dataset.state !== "failed";
    const since = old < 2000 ? "just now" : `${span(old)} ago`;
    age.textContent = isTold ? `${since}${isPaused ? ", paused" : ""}` : "";
    const isSaid = document.querySelector(".failed .message")?.textContent;
    const wanted = !failure || failure.includes(isSaid) ? "" : `${failure}${isTold ? ` The numbers are ${span(old)} old.` : ""}`;
    if (trouble.textContent !== wanted) trouble.textContent = wanted;
  };

  // Refreshing

  const show = (fresh) => {
    const open = [...document.querySelectorAll("details[open]")].map((one) => one.dataset.key);
    const focused = document.activeElement?.dataset.key ?? document.activeElement?.parentElement?.dataset.key;
    const bar = document.querySelector(".gap.shown");
    const strip = bar?.closest(".strip");
    for (const part of fresh.querySelectorAll("[data-part]")) at(part.id).replaceWith(part);
    for (const name of open) if (key(name)) key(name).open = true;
    const again = focused && key(focused);
    if (again) (again.querySelector(":scope > summary") ?? again).focus({ preventScroll: true });
    const same = strip && key(strip.dataset.key) && bars(key(strip.dataset.key))[bars(strip).indexOf(bar)];
    if (same) showTip(same);
    else hideTip();
  };

  const meaning = (status, fresh) => {
    if (status === 401 || status === 403) return "you are signed out; sign in again.";
    return `${fresh?.querySelector(".failed .message")?.textContent ?? `the answer was ${status}`}.`;
  };

  const ask = async (signal) => {
    const patience = AbortSignal.timeout(MOST_PATIENCE);
    const answer = await fetch(`part${location.search}`, { signal: AbortSignal.any([signal, patience]) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !fresh.querySelector("[data-part]")) throw new Error(meaning(answer.status, fresh));
    return fresh;
  };

  const refresh = async (isAskedFor = true) => {
    clearTimeout(timer);
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const fresh = await ask(mine.signal);
      if (mine !== asking) return;
      if (!isAskedFor && isReading()) return wait(MARKED_PAUSE);
      show(fresh);
      readAt = performance.now();
      failure = "";
    } catch (error) {
      if (mine !== asking) return;
      const reason = error.name === "Error" ? error.message : "the page’s server does not answer.";
      failure = `The refresh at ${new Date().toISOString().slice(11, 19)} UTC failed: ${reason}`;
    }
    tellAge();
    wait(every);
  };

  const wait = (ms) => {
    clearTimeout(timer);
    if (!isPaused && !document.hidden) timer = setTimeout(refreshInTime, ms);
  };

  const isReading = () => !getSelection().isCollapsed && document.querySelector("main").contains(getSelection().anchorNode);

  // Who marks a number to copy it would lose the mark.
  const refreshInTime = () => {
    if (isReading()) wait(MARKED_PAUSE);
    else refresh(false);
  };

  // Choosing accounts

  const count = () => at("accounts").querySelector("caption, h3")?.textContent ?? "";

  const go = async (address, isStep) => {
    history[isStep ? "pushState" : "replaceState"](null, "", address);
    await refresh();
    said.textContent = count();
  };

  const fill = () => {
    const asked = new URLSearchParams(location.search);
    filter.username.value = asked.get("username") ?? "";
    filter.status.value = asked.get("status") ?? "";
    filter.gaps.checked = asked.get("gaps") === "only";
  };

  const choose = () => {
    const asked = new URLSearchParams(location.search);
    for (const name of ["username", "status", "gaps", "page"]) asked.delete(name);
    for (const name of ["username", "status"]) if (filter[name].value.trim()) asked.set(name, filter[name].value.trim());
    if (filter.gaps.checked) asked.set("gaps", "only");
    go(asked.size ? `?${asked}` : "./", false);
  };

  let typing = 0;
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(choose, TYPING_PAUSE);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    choose();
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-query]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const isPage = link.closest(".pages");
    await go(link.getAttribute("href"), true);
    fill();
    if (isPage) at("accounts-title").scrollIntoView();
  });
  addEventListener("popstate", () => {
    fill();
    refresh();
  });

  // What a bar says, on hover and, with the arrow keys, on focus

  const hideTip = () => {
    tip.hidden = true;
    document.querySelector(".gap.shown")?.classList.remove("shown");
  };

  const showTip = (gap) => {
    hideTip();
    const box = gap.getBoundingClientRect();
    const title = gap.querySelector("title");
    gap.dataset.tip ??= title.textContent;
    title?.remove(); // The browser would show it a second time.
    gap.classList.add("shown");
    tip.textContent = gap.dataset.tip;
    tip.hidden = false;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(box.x + box.width / 2 - tip.offsetWidth / 2, most))}px`;
    tip.style.top = `${box.y - tip.offsetHeight - 6 > 0 ? box.y - tip.offsetHeight - 6 : box.bottom + 6}px`;
  };

  const bars = (strip) => [...strip.querySelectorAll(".gap")];

  document.addEventListener("pointerover", (event) => {
    const gap = event.target.closest?.(".gap");
    if (gap) showTip(gap);
    else if (!tip.hidden && !document.activeElement.matches(".strip")) hideTip();
  });
  document.addEventListener("focusin", (event) => {
    const newest = event.target.matches(".strip:focus-visible") && bars(event.target).at(-1);
    if (newest) showTip(newest);
    else hideTip();
  });
  document.addEventListener("focusout", hideTip);
  addEventListener("scroll", hideTip, { passive: true });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hideTip();
    if (!step || !event.target.matches(".strip")) return;
    const all = bars(event.target);
    const shown = all.findIndex((gap) => gap.classList.contains("shown"));
    const next = all[Math.max(0, Math.min(all.length - 1, (shown < 0 ? all.length : shown) + step))];
    if (!next) return;
    event.preventDefault();
    showTip(next);
    said.textContent = next.dataset.tip;
  });

  // Starting

  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Resume" : "Pause";
    if (isPaused) clearTimeout(timer);
    else refresh();
    tellAge();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!isPaused && performance.now() - readAt > every) refresh(false);
    else wait(every);
  });
  setInterval(tellAge, 1000);
  tellAge();
  wait(every);
})();

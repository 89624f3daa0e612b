// In Airflow's frame the page follows Airflow's theme; elsewhere, and where it cannot be read, the system's.
"use strict";
(() => {
  const follow = (outer) => {
    const theme = ["dark", "light"].find((name) => outer.classList.contains(name));
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  document.documentElement.classList.add("scripted");
  if (window.parent === window) return;
  try {
    const outer = window.parent.document.documentElement;
    follow(outer);
    new MutationObserver(() => follow(outer)).observe(outer, { attributes: true, attributeFilter: ["class"] });
  } catch {
    // The frame's owner is another site: the system's theme it is.
  }
})();

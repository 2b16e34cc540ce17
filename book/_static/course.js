// @ts-check

// A book opened from a folder cannot read its own pages for the snippets of a search.
// @ts-ignore: a constant of Sphinx
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Lets the keyboard reach long equations and wide drawings, which scroll sideways. (The theme does it for code.)
(() => {
  const mark = () => {
    /** @type {NodeListOf<HTMLElement>} */
    const boxes = document.querySelectorAll("div.math > .katex-display, .drawing-box");
    // All are measured before one is changed: after a change the browser would lay out the page anew.
    const scroll = [...boxes].map((box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight);
    for (const [number, box] of boxes.entries()) {
      if (scroll[number] === (box.tabIndex === 0)) continue;
      if (scroll[number]) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", () => {
    /** @type {NodeListOf<HTMLElement>} */
    const copies = document.querySelectorAll("button.copybtn"); // an icon only; a screen reader needs a name
    for (const copy of copies) copy.setAttribute("aria-label", copy.dataset.tooltip ?? "");
    mark();
    new ResizeObserver(mark).observe(document.body);
  });
})();

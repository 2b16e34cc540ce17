// @ts-check

// A book opened from a folder cannot read its own pages for the snippets of a search.
// @ts-ignore: a constant of Sphinx
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Lets the keyboard reach long equations, which scroll sideways. (The theme does it for code.)
(() => {
  const mark = () => {
    for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("div.math mjx-container"))) {
      const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", () => {
    // @ts-ignore: MathJax brings itself
    window.MathJax?.startup?.promise?.then(() => {
      mark();
      new ResizeObserver(mark).observe(document.body);
    });
  });
})();

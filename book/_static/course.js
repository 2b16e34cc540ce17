// Lets the keyboard reach long equations, which scroll sideways. (The theme does it for code.)
(() => {
  const mark = () => {
    for (const box of document.querySelectorAll("div.math mjx-container")) {
      const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", () => {
    window.MathJax?.startup?.promise?.then(() => {
      mark();
      new ResizeObserver(mark).observe(document.body);
    });
  });
})();

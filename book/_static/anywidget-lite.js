// @ts-check
// Brings the page's anywidgets to life with no kernel: it plays the part of Jupyter's widget manager.
// A classic script, not a module, so that a downloaded book also works from file://.
(() => {
  "use strict";
  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const SENTENCES = {
    en: {
      kernel: "This figure needs a live kernel. Open the page in Colab or JupyterLab to use it.",
      broken: "This figure could not start. The text around it does not depend on it.",
    },
    es: {
      kernel: "Esta figura necesita un kernel en marcha. Abra la página en Colab o JupyterLab para usarla.",
      broken: "Esta figura no pudo arrancar. El texto que la rodea no depende de ella.",
    },
  };

  // State is JSON, so this is the deep comparison that Jupyter's models make before they fire.
  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  // The state that all views of one widget share, and whoever listens to it.
  class Model {
    #state;
    #listeners = []; // {name, callback, owner}

    constructor(state) {
      this.#state = { ...state };
    }

    set(key, value) {
      const wanted = typeof key === "string" ? { [key]: value } : key;
      const changed = Object.entries(wanted).filter(([k, v]) => !same(this.#state[k], v));
      Object.assign(this.#state, Object.fromEntries(changed));
      for (const [k, v] of changed) this.#emit(`change:${k}`, v);
      if (changed.length) this.#emit("change");
    }

    // One listener that throws must not keep the news from the others; one that is added meanwhile waits for the next.
    #emit(name, ...values) {
      for (const listener of this.#listeners.slice()) {
        if (listener.name !== name) continue;
        try {
          listener.callback(listener.owner, ...values);
        } catch (error) {
          reportError(error);
        }
      }
    }

    // What a widget's code gets: the shared state, and `off` that reaches its own listeners only.
    handle() {
      const owner = {
        get: (key) => this.#state[key],
        set: (key, value) => this.set(key, value),
        save_changes: () => {}, // there is no kernel to tell
        send: () => {},
        on: (names, callback) => {
          for (const name of names.split(/\s+/)) this.#listeners.push({ name, callback, owner });
        },
        off: (names, callback) => {
          const gone = (l) =>
            l.owner === owner &&
            (!names || names.split(/\s+/).includes(l.name)) &&
            (!callback || l.callback === callback);
          this.#listeners = this.#listeners.filter((l) => !gone(l));
        },
      };
      return owner;
    }
  }

  const context = {
    signal: new AbortController().signal, // views live as long as the page
    experimental: { invoke: () => Promise.reject(new Error("no kernel answers in this page")) },
  };

  // The value that `make` gave for this key the first time.
  const once = (map, key, make) => map.get(key) ?? map.set(key, make()).get(key);
  const modules = new Map(); // text of _esm → promise of {initialize, render}
  const live = new Map(); // model id → promise of {model, widget}
  const styled = new Set();

  async function load(source) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      const { default: widget } = await import(address);
      return typeof widget === "function" ? await widget() : widget;
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  function style(css) {
    if (!css || styled.has(css)) return;
    styled.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  async function start({ _esm, _css, ...state }) {
    style(_css);
    const widget = await once(modules, _esm, () => load(_esm));
    const model = new Model({ _esm, _css, ...state });
    await widget.initialize?.({ model: model.handle(), ...context });
    return { model, widget };
  }

  // The state of a model; a script that an earlier figure has too is written once, in that one.
  function whole(states, id) {
    const { state } = states[id];
    const text = (key) => (state[key]?.as ? states[state[key].as].state[key] : state[key]);
    return { ...state, _esm: text("_esm"), _css: text("_css") };
  }

  function say(el, what) {
    const lang = el.closest("[lang]")?.lang.slice(0, 2);
    const p = document.createElement("p");
    p.textContent = (SENTENCES[lang] ?? SENTENCES.en)[what];
    el.replaceChildren(p);
  }

  async function show(slot, states) {
    const el = Object.assign(document.createElement("div"), { className: "anywidget-lite" });
    slot.after(el);
    try {
      const id = JSON.parse(slot.textContent).model_id;
      if (states[id]?.model_module !== "anywidget") return say(el, "kernel");
      const { model, widget } = await once(live, id, () => start(whole(states, id)));
      await widget.render({ model: model.handle(), el, ...context });
    } catch (error) {
      console.error(error);
      say(el, "broken");
    }
  }

  async function run() {
    const slots = document.querySelectorAll(`script[type="${VIEW}"]`);
    if (!slots.length) return;
    const states = {};
    for (const el of document.querySelectorAll(`script[type="${STATE}"]`)) {
      Object.assign(states, JSON.parse(el.textContent).state);
    }
    for (const slot of slots) {
      show(slot, states);
      await new Promise((next) => setTimeout(next)); // between two figures, the page can scroll
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
})();

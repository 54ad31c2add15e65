/* Runs before the first paint of every page of the portal.
   1. Colour scheme: gives the root the scheme that Streamlit will choose for .stApp, so that light-dark() also holds in
      overlays (which stand outside .stApp) and a dark page never flashes white.
   2. Session: replaces the page when its session has ended, also when it comes back from the browser's history.
   3. Words: puts Streamlit's few built-in English words into the page's language.
   4. Focus: gives it back when the question field takes it, which Streamlit does whenever a run ends.
   5. Questions: brings a new question to the top of the screen.
   6. Menu: on a narrow screen, where it covers the page, a choice in it closes it. */
(() => {
  const root = document.documentElement;
  const words = JSON.parse(document.querySelector('meta[name="portal-words"]').content);

  /* 1. Streamlit's own key; a test tells when it changes. */
  const themeKey = "stActiveTheme-/-v2";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosenTheme = () => (localStorage.getItem(themeKey) || "").replaceAll('"', "") || "System";
  const applyTheme = () => {
    const theme = chosenTheme();
    root.style.colorScheme = theme === "System" ? (dark.matches ? "dark" : "light") : theme.toLowerCase();
    document.querySelectorAll("[data-theme]").forEach((choice) => {
      choice.setAttribute("aria-current", String(choice.dataset.theme === theme));
    });
  };
  applyTheme();
  dark.addEventListener("change", applyTheme);
  addEventListener("click", (event) => {
    const choice = event.target.closest && event.target.closest("[data-theme]");
    if (!choice) return;
    event.preventDefault();
    localStorage.setItem(themeKey, JSON.stringify(choice.dataset.theme));
    location.reload();
  }, true);

  /* 2. The gate closes an open page's websocket with 4401, and answers 401 to whatever has no session. */
  let leaving = false; // signing out here: the form's own answer is the next page
  const ended = () => { if (!leaving) location.replace("/signin?expired"); };
  addEventListener("submit", (event) => { leaving = event.target.getAttribute("action") === "/signout"; }, true);
  const check = () => fetch("/_stcore/health", { cache: "no-store" }).then((answer) => { if (answer.status === 401) ended(); }, () => {});
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("close", (event) => (event.code === 4401 ? ended() : check()));
    }
  };
  if (!location.pathname.startsWith("/signin")) addEventListener("pageshow", (event) => { if (event.persisted) check(); });

  /* 3. */
  const translate = () => {
    document.querySelectorAll("[aria-label], input[placeholder], img[alt]").forEach((element) => {
      for (const name of ["aria-label", "placeholder", "alt"]) {
        const ours = words.streamlit[element.getAttribute(name)];
        if (ours && ours !== element.getAttribute(name)) element.setAttribute(name, ours);
      }
    });
    const skip = document.querySelector('[data-testid="stSkipToContent"]');
    const ours = skip && words.streamlit[skip.textContent];
    if (ours && ours !== skip.textContent) skip.textContent = ours;
  };

  /* 4. Only around the end of a run, and only to a reader of an answer or a source: a person, or a program that
     helps them, may go to the field at any other time. */
  let touched = 0, settled = -Infinity, last = null;
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (touched = performance.now()), true);
  const runEnds = (changes) => {
    const ended = ({ target, attributeName }) =>
      attributeName === "data-test-script-state" && target.getAttribute(attributeName) === "notRunning";
    if (changes.some(ended)) settled = performance.now();
  };
  addEventListener("focusin", (event) => {
    const element = event.composedPath()[0], now = performance.now();
    const field = element.dataset && element.dataset.testid === "stChatInputTextArea";
    const running = document.querySelector('[data-test-script-state]:not([data-test-script-state="notRunning"])');
    const unasked = field && (running || now - settled < 1000) && now - touched > 300;
    if (unasked && last && last.isConnected && last.closest(".stHtml, dialog")) last.focus();
    else last = element;
  }, true);

  /* 5. */
  let turns = 0;
  const follow = () => {
    const all = document.querySelectorAll(".turn");
    if (all.length > turns && all.length > 1) all[all.length - 1].scrollIntoView({ block: "start" });
    turns = all.length;
  };

  /* 6. Streamlit's own breakpoint. */
  const covering = matchMedia("(max-width: 767.98px)");
  addEventListener("click", (event) => {
    const choice = event.target.closest && event.target.closest('[data-testid="stSidebar"] :is(a, button)');
    const closing = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    if (choice && closing && choice !== closing && covering.matches) setTimeout(() => closing.click());
  });

  let due = 0;
  const soon = () => {
    due = due || requestAnimationFrame(() => {
      due = 0;
      translate();
      applyTheme();
      follow();
      dispatchEvent(new Event("portal-changed"));
    });
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => { runEnds(changes); soon(); }).observe(document.body, {
      childList: true, subtree: true, attributes: true,
      attributeFilter: ["aria-label", "placeholder", "data-test-script-state"],
    });
  });
})();

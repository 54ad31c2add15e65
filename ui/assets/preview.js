/* The page preview: one dialog for the whole portal, outside Streamlit's tree, so that no rerun touches it.
   Whatever carries data-preview opens it: a citation, a source card, a document of the list. It shows the part's picture
   with boxes, or the part's text with the passage marked. All words are set as text, never as markup. */
(() => {
  const words = JSON.parse(document.querySelector('meta[name="portal-words"]').content);
  const narrow = matchMedia("(max-width: 1099px)");
  const dialog = document.createElement("dialog");
  const $ = (selector) => dialog.querySelector(selector);
  let links = [], at = -1, part = 0, from = null, turn = 0;

  const element = (name, className, attributes = {}) => {
    const made = document.createElement(name);
    made.className = className;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const build = () => {
    dialog.className = "preview";
    dialog.setAttribute("aria-labelledby", "preview-title");
    const header = element("div", "preview-head"), names = element("div", "preview-names");
    names.append(element("h2", "preview-title", { id: "preview-title" }), element("p", "preview-where"), element("span", "preview-level level"));
    header.append(names);
    for (const [name, act] of [["prev", () => move(-1)], ["next", () => move(1)], ["zoom", zoom], ["close", close]]) {
      const button = element("button", "preview-" + name, { type: "button", "aria-label": words[name], title: words[name] });
      button.addEventListener("click", act);
      header.append(button);
    }
    const scroll = element("div", "preview-scroll", { tabindex: "0", role: "region", "aria-label": words.picture });
    const footer = element("div", "preview-foot");
    footer.append(element("p", "preview-quote"), element("p", "preview-hint"));
    dialog.append(header, scroll, footer);
    document.body.append(dialog);
  };

  /* A text that cannot act: the rule of appliance/visible.py. */
  const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, (c) =>
    "\n\t\u200d\u00ad".includes(c) ? c : "⟨U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");

  const data = (link) => JSON.parse(link.dataset.preview);
  const address = (shown, kind) =>
    `/api/documents/${encodeURIComponent(shown.document)}/versions/${encodeURIComponent(shown.version)}/${kind}/${part}`;
  const say = (text) => {
    const said = element("p", "preview-said", { role: "status" });
    said.textContent = text;
    $(".preview-scroll").replaceChildren(said);
  };
  const label = (shown, where) => {
    $(".preview-title").textContent = visible(shown.title);
    $(".preview-where").textContent = visible(where);
    $(".preview-level").textContent = words[shown.classification] || "";
    $(".preview-foot").hidden = !shown.quote;
    $(".preview-quote").textContent = visible(shown.quote || "");
    $(".preview-hint").textContent = !shown.quote ? "" : shown.cited ? words.marked : words.read_only;
    for (const name of ["prev", "next"]) {
      const button = $(".preview-" + name), said = words[shown.parts ? name + "_part" : name];
      button.setAttribute("aria-label", said);
      button.title = said;
    }
  };

  const showPicture = (shown, where, mine) => {
    const box = element("div", "preview-page"), picture = element("img", "", { alt: words.picture_of.replace("{where}", where) });
    picture.addEventListener("load", () => {
      if (mine !== turn) return;
      for (const rectangle of shown.boxes || []) {
        const marked = element("i", "");
        ["left", "top", "width", "height"].forEach((name, n) => (marked.style[name] = rectangle[n] * 100 + "%"));
        box.append(marked);
      }
      bring(box.querySelector("i"));
    });
    picture.addEventListener("error", () => { if (mine === turn) refused(shown, mine); });
    picture.src = address(shown, "pages");
    box.append(picture);
    $(".preview-scroll").replaceChildren(box);
  };
  const showText = (shown, view) => {
    const page = element("div", "preview-text"), characters = Array.from(view.text); // offsets count characters, not UTF-16 units
    const spans = (shown.spans || []).slice().sort((a, b) => a[0] - b[0]);
    let done = 0;
    for (const [start, end] of spans) {
      if (start < done || end <= start) continue;
      const marked = element("mark", "");
      marked.textContent = visible(characters.slice(start, end).join(""));
      page.append(visible(characters.slice(done, start).join("")), marked);
      done = end;
    }
    page.append(visible(characters.slice(done).join("")));
    if (!view.text.trim()) return say(words.empty_part);
    $(".preview-scroll").replaceChildren(page);
    bring(page.querySelector("mark"));
  };
  const bring = (marked) => {
    const scroll = $(".preview-scroll");
    scroll.scrollTo({ top: marked ? marked.offsetTop - scroll.clientHeight / 3 : 0, left: 0 });
  };

  const fetchPart = async (shown) => {
    const answer = await fetch(address(shown, "parts"), { headers: { "accept-language": document.documentElement.lang } });
    if (answer.status === 401) location.replace("/signin?expired");
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.message || words.no_preview);
    return body;
  };
  const refused = async (shown, mine) => {
    try { await fetchPart(shown); say(words.no_preview); }
    catch (error) { if (mine === turn) say(error.message); }
  };
  const limits = (shown) => {
    $(".preview-prev").disabled = shown.parts ? part <= 1 : at <= 0;
    $(".preview-next").disabled = shown.parts ? part >= shown.parts : at >= links.length - 1;
  };
  const show = async (link, ordinal) => {
    const shown = data(link), mine = ++turn;
    at = links.indexOf(link);
    part = ordinal || shown.part;
    label(shown, shown.where);
    limits(shown);
    if (!dialog.open) narrow.matches ? dialog.showModal() : dialog.show();
    settle();
    if (shown.picture) return showPicture(shown, shown.where, mine);
    say(words.loading);
    try {
      const view = await fetchPart(shown);
      if (mine !== turn) return;
      if (!shown.where) label(shown, shown.parts > 1 && view.label !== String(part) ? `${view.label} (${part} / ${shown.parts})` : shown.parts > 1 ? `${part} / ${shown.parts}` : view.label);
      view.picture ? showPicture(shown, view.label, mine) : showText(shown, view);
    } catch (error) {
      if (mine === turn) say(error instanceof TypeError ? words.no_preview : error.message);
    }
  };

  /* The cited sources of one answer, each once, in the order of their numbers, or those that were only read; a document
     alone is its own group. */
  const groupOf = (link) => {
    const shown = data(link);
    if (shown.parts) return [link];
    const seen = new Map();
    for (const other of document.querySelectorAll("a.card[data-preview], a.cite[data-preview]")) {
      const { group, cited } = data(other);
      if (group === shown.group && cited === shown.cited && !seen.has(other.hash)) seen.set(other.hash, other);
    }
    seen.set(link.hash, link);
    return [...seen.values()].sort((a, b) => Number(a.hash.split("-")[2]) - Number(b.hash.split("-")[2]));
  };
  const settle = () => {
    const room = dialog.open && !narrow.matches;
    document.documentElement.classList.toggle("preview-open", room);
    const main = document.querySelector(".stMain"), bottom = document.querySelector('[data-testid="stBottom"]');
    for (const side of [main, main && bottom && !main.contains(bottom) ? bottom : null]) {
      if (side) side.style.paddingRight = room ? dialog.offsetWidth + "px" : "";
    }
    markOpen();
  };
  const markOpen = () => {
    const hash = dialog.open && links[at] ? links[at].hash : null;
    document.querySelectorAll("[data-preview]").forEach((link) => link.classList.toggle("is-open", link.hash === hash));
  };
  const move = (by) => {
    const shown = links[at] && data(links[at]);
    if (!shown) return;
    if (shown.parts) { if (part + by >= 1 && part + by <= shown.parts) show(links[at], part + by); }
    else if (links[at + by]) show(links[at + by]);
  };
  const zoom = (event) => {
    const big = $(".preview-scroll").classList.toggle("big");
    event.currentTarget.setAttribute("aria-pressed", String(big));
  };
  const close = () => {
    turn += 1;
    dialog.close();
    settle();
    const back = from && (from.isConnected ? from : document.querySelector(`[data-preview][href="${from.hash}"]`));
    (back || document.querySelector('[data-testid="stChatInputTextArea"]'))?.focus();
  };

  addEventListener("DOMContentLoaded", build);
  /* While an answer is written, its nodes are replaced and new sources come in. */
  addEventListener("portal-changed", () => {
    if (!dialog.open || !links[at]) return;
    const hash = links[at].hash;
    links = groupOf(document.querySelector(`[data-preview][href="${hash}"]`) || links[at]);
    at = links.findIndex((link) => link.hash === hash);
    limits(data(links[at]));
    settle();
  });
  narrow.addEventListener("change", () => { if (dialog.open) { dialog.close(); narrow.matches ? dialog.showModal() : dialog.show(); settle(); } });
  addEventListener("popstate", () => { if (dialog.open) close(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("[data-preview]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    from = link;
    links = groupOf(link);
    show(link);
    $(".preview-close").focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (!dialog.open) return;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    if (!dialog.contains(document.activeElement)) return;
    if (event.key === "ArrowLeft") move(-1);
    if (event.key === "ArrowRight") move(1);
  }, true);
})();
